"""The browser module: addresses and placeholders."""

import pytest
from PIL import Image, ImageDraw

from functions.imaging.placeholder import thumb_hash

EDGE = "https://images.example.com"
SIGNED = "01JD?Policy=a-b_c~&Signature=s~&Key-Pair-Id=K"


def test_an_address_has_what_is_asked_for_and_then_the_signature_as_it_is(call):
    addresses = call(
        ("imageUrl", [EDGE, "01JD"]),
        ("imageUrl", [EDGE, "01JD", {"width": 320, "position": "4,8"}]),
        ("imageUrl", [EDGE, SIGNED]),
        ("imageUrl", [EDGE, SIGNED, {"width": 320}]),
    )

    assert addresses == [
        f"{EDGE}/images/01JD",
        f"{EDGE}/images/01JD?width=320&position=4%2C8",
        f"{EDGE}/images/{SIGNED}",
        f"{EDGE}/images/01JD?width=320&Policy=a-b_c~&Signature=s~&Key-Pair-Id=K",
    ]


def test_a_srcset_names_each_address_with_the_width_of_what_comes(call):
    (srcset,) = call(("imageSrcset", [EDGE, "01JD", [600, 400], {"ratio": 1, "quality": 80}]))

    assert srcset == (
        f"{EDGE}/images/01JD?quality=80&width=320&height=320 320w, "
        f"{EDGE}/images/01JD?quality=80&width=640&height=640 400w"
    )


def test_a_srcset_by_density_asks_for_the_same_size_with_each_dpr(call):
    (srcset,) = call(("imageDensities", [EDGE, "01JD", {"width": 200}, [1, 1.5]]))

    assert srcset == f"{EDGE}/images/01JD?width=200&dpr=1 1x, {EDGE}/images/01JD?width=200&dpr=1.5 1.5x"


def halves(size, left, right, mode="RGB"):
    image = Image.new(mode, size, left)
    ImageDraw.Draw(image).rectangle((size[0] // 2, 0, *size), fill=right)
    return image


PICTURES = {
    "flat": Image.new("RGB", (40, 40), (200, 60, 30)),
    "wide": halves((90, 30), (60, 80, 160), (200, 190, 110)),
    "tall": halves((30, 90), (220, 220, 220), (70, 120, 80)),
    "square": halves((64, 64), (40, 40, 40), (215, 215, 215)),
    "transparent": halves((60, 40), (200, 60, 60, 255), (200, 60, 60, 0), mode="RGBA"),
}


@pytest.fixture(scope="module")
def decoded(call):
    """The placeholders of the pictures as a browser shows them."""
    results = call(*(("placeholderPixels", [thumb_hash(picture)]) for picture in PICTURES.values()))
    return {
        name: Image.frombytes("RGBA", (each["width"], each["height"]), bytes(each["rgba"]))
        for name, each in zip(PICTURES, results, strict=True)
    }


@pytest.mark.parametrize("name", PICTURES)
def test_a_placeholder_has_the_shape_of_its_picture(decoded, name):
    width, height = PICTURES[name].size

    shown = decoded[name].size
    assert max(shown) == 32
    assert abs(shown[0] / shown[1] - width / height) / (width / height) < 0.2


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("half", ["left", "right"])
def test_each_half_of_a_placeholder_has_the_colour_of_its_picture(decoded, name, half):
    def seen(image):
        black = Image.new("RGBA", image.size, "black")
        shown = Image.alpha_composite(black, image.convert("RGBA")).convert("RGB")
        middle = image.width // 2
        box = (0, 0, middle, image.height) if half == "left" else (middle, 0, image.width, image.height)
        return shown.resize((1, 1), Image.Resampling.BOX, box).getpixel((0, 0))

    differences = [abs(a - b) for a, b in zip(seen(decoded[name]), seen(PICTURES[name]), strict=True)]
    assert max(differences) <= 24, differences  # of 255: a few cosine terms cannot draw an edge
