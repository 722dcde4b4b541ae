"""BlurImage: replaces the files of a picture by blurred ones."""
