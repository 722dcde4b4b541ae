"""ManageImages: reads, lists and removes image records."""
