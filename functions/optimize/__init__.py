"""OptimizeImage: writes the master, the renditions and the moderation views of an original."""
