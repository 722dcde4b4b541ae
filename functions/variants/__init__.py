"""Variants of published pictures: which stored file to generate one from, rendering it, and storing it."""
