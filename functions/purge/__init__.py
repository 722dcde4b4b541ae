"""Purge: images that changed or were removed are forgotten by the edge's caches."""
