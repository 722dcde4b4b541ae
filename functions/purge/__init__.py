"""Purge: deletes images that changed or were removed from the edge's caches."""
