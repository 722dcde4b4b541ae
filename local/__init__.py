"""The embedded default: everything that AWS provides, on one machine."""
