"""Policies: stores, checks, activates and shadows moderation policies."""
