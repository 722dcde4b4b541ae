"""``python -m image_scaler.cli``."""

from image_scaler.cli import main

main()
