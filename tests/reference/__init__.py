"""Plain, slow renderers that tests compare with: written from the specifications, without the code under test."""
