"""`make demo`: processes the samples in the whole pipeline and shows the results."""
