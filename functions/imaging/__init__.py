"""Everything that touches pixels. Pillow and pillow-heif are imported here and nowhere else."""
