"""Everything that touches pixels; the only package that imports Pillow."""
