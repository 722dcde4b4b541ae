"""ManageImages: reads, lists, removes and resumes images, sets focal points and legal holds, and overrides verdicts."""
