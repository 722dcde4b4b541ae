"""ModerateImage: the views of a picture in; a verdict out."""
