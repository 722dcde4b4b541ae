"""ManageImages: reads, lists and removes images."""
