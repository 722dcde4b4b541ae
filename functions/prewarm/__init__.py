"""Prewarm: generates variants of published images ahead of requests."""
