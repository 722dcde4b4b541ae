"""Refine: encodes stored variants again with slower encoders and replaces them with smaller files."""
