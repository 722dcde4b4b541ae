"""The parameters of image URLs through the edge: density, presets, focal points, and those of other services."""

from io import BytesIO

from PIL import Image, ImageDraw

from tests import pictures
from tests.e2e.edge import eventually


def size_of(answer):
    assert answer.status_code == 200, answer.text
    return Image.open(BytesIO(answer.content)).size


def test_density_multiplies_and_a_preset_stands_for_its_parameters(viewer, picture):
    assert size_of(viewer.get(picture, "width=100&dpr=2.5&format=jpeg"))[0] == 256
    assert size_of(viewer.get(picture, "preset=card&format=jpeg")) == (640, 480)
    assert size_of(viewer.get(picture, "preset=card&format=jpeg&width=320&height=320")) == (320, 320)


def test_a_parameter_of_another_service_an_unknown_preset_and_a_density_out_of_range_are_refused(viewer, picture):
    for query, detail in (
        ("width=320&rotate=90", "rotate is not supported: change the original before its upload."),
        ("Width=320", "width must be written in lower case."),
        ("preset=banner", "preset banner is not defined for this stage."),
        ("width=320&dpr=4", "dpr must be a number from 1 to 3 with at most two decimals."),
    ):
        answer = viewer.get(picture, query)
        assert (answer.status_code, answer.json()["detail"]) == (400, detail)


def test_widths_above_the_pictures_own_are_one_stored_file(deployed, viewer):
    small = deployed.run(pictures.jpeg(500, 300)).image_id

    answers = [viewer.get(small, f"width={width}&format=png") for width in (500, 640, 1280, 3840)]

    assert {size_of(answer) for answer in answers} == {(500, 300)}
    keys = deployed.keys("generated", f"images/{small}/")
    assert [key for key in keys if "format=png" in key] == [
        f"images/{small}/fit=cover,format=png,position=center,quality=auto,width=640"
    ]


def test_a_new_focal_point_changes_the_crop_everywhere(deployed, viewer):
    image = Image.new("RGB", (800, 400), (200, 200, 200))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 200, 400), fill=(200, 30, 30))
    draw.rectangle((600, 0, 800, 400), fill=(30, 30, 200))
    identity = deployed.run(pictures.jpeg(800, 400, image=image)).image_id
    crop = "width=200&height=400&position=auto&format=png"

    def shown(x):
        deployed.client.client.set_focal_point(identity, x, 0.5)
        return eventually(lambda: color_of(viewer.get(identity, crop)) == (x < 0.5))

    def color_of(answer):
        red, _, blue = Image.open(BytesIO(answer.content)).convert("RGB").getpixel((50, 100))
        return red > blue

    assert shown(0)
    assert shown(1)
    assert shown(0)
    found = deployed.client.client.explain(viewer.image_url(identity, crop))
    assert (found["position"], found["is_stored"]) == ([0, 8], True)
