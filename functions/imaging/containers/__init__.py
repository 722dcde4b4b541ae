"""One module per container format: what a file's structure tells without decoding a pixel."""
