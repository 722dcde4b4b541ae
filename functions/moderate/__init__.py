"""ModerateImage: returns a verdict on the views of a picture."""
