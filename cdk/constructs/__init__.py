"""Constructs by job; a stack composes them."""
