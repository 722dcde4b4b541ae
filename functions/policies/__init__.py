"""Policies: stores, checks, activates and shadows moderation policies, and applies them to stored images."""
