"""Whether this is the long run (`make test-long`): the same tests with large counts."""

import os
from typing import Final

LONG: Final = bool(os.environ.get("IMAGE_SCALER_LONG"))
