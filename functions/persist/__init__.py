"""PersistImage: publishes what the verdict allows and writes the record."""
