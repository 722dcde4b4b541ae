"""OptimizeImage: one original in; its master, renditions and moderation proxies out."""
