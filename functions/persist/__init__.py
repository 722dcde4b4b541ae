"""PersistImage: publishes the files that the verdict allows, and writes the record."""
