"""ServeImage: any documented size and format of a published picture, on request or before anybody asks."""
