"""Compares moderated views with delivered pictures: a metric, the possible displays, and known attacks."""
