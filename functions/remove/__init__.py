"""RemoveFiles: deletes files and history of images that were removed, superseded or given up."""
