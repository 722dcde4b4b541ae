"""One module per container format: inspects the structure of a file without decoding pixels."""
