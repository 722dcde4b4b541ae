"""RemoveFiles: deletes files and history of images that were removed, replaced or not published."""
