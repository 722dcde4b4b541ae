"""All processing of pixels. No other package imports Pillow and pillow-heif."""
