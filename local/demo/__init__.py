"""`make demo`: the samples through the whole pipeline, and what a person sees of it."""
