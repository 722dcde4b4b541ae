"""ModerateImage: a proxy in; a verdict out."""
