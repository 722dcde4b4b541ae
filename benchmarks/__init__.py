"""Compares image-scaler with its peers in one run: `make bench`. docs/performance.md has the latest results."""
