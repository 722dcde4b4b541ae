"""Admit: starts executions for uploads, at most as many at once as the mapping of its queue allows."""
