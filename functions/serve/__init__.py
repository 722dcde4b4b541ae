"""ServeImage: any documented size and format of a published picture."""
