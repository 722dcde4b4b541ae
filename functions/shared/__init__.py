"""Shared by all functions: contracts, errors, keys, settings, events, observability, and clients of AWS."""
