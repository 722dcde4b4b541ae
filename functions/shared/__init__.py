"""What the functions agree on: contracts, errors, keys, records, settings, observability, object store."""
