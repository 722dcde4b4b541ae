"""Changes of verdicts after publication: overrides, fallbacks of reviews, and re-judging."""
