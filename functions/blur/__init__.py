"""BlurImage: makes a picture unrecognisable, and everything derived from it."""
