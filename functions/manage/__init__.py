"""ManageImages: reads, lists, removes and resumes images."""
