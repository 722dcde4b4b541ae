"""Sweep: finds images that got stuck, and settles or restarts them."""
