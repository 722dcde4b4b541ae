"""What applications import (URL signing) and people type (the image-scaler command)."""
