"""Options of the encoders."""

import pytest

from functions.imaging.encoding import AVIF_OPTIONS, AVIF_SPEED, encode_avif, encode_still
from tests import pictures


@pytest.mark.parametrize("option", AVIF_OPTIONS)
def test_each_option_of_the_avif_encoder_changes_the_file(option):
    scene = pictures.scene(320, 240)
    others = {name: value for name, value in AVIF_OPTIONS.items() if name != option}

    without = encode_still(
        scene, "AVIF", b"", quality=60, speed=AVIF_SPEED, subsampling="4:2:0", max_threads=1, advanced=others
    )

    assert encode_avif(scene, 60, b"") != without
