"""image-scaler beside its peers, in one run: `make bench`. docs/performance.md says what the last one found."""
