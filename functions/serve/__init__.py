"""ServeImage: answers requests for images with a variant of any documented size and format."""
