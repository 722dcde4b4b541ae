"""Sweep: finds stuck images, and settles or restarts them."""
