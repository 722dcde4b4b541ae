"""What serve says about a variant without generating it."""

import pytest

from tests.fakes.aws import GENERATED
from tests.fakes.openapi import assert_described
from tests.unit.serve.conftest import IMAGE_ID

CHROME = {"Accept": "image/avif,image/webp,*/*"}


@pytest.fixture
def explain(serve):
    """Ask for the explanation of a query; return the answer."""

    def asked(query, **headers):
        event = serve.event("query_form", headers=headers)
        event["resource"] = "/v1/images/{id}/explanation"
        event["queryStringParameters"] = query
        event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()}
        return serve.raw(event)

    return asked


def test_it_names_rendition_quality_and_encoder_and_stores_nothing(explain, library, aws):
    library.publish()

    answer = explain({"w": "300", "q": "82"}, **CHROME)

    found = answer.document
    assert_described(found, "Explanation")
    assert found["key"] == found["canonical"] == "fit=cover,format=avif,position=center,quality=80,width=320"
    assert found["rounded"] == {"width": {"given": "300", "used": "320"}, "quality": {"given": "82", "used": "80"}}
    assert (found["width"], found["height"], found["format"], found["encoder"]) == (320, 240, "avif", "libaom")
    assert (found["source"]["name"], found["source"]["width"]) == ("w320.jpg", 320)
    assert "Accept" in found["why"]["format"]
    assert (found["is_stored"], aws.keys(GENERATED)) == (False, [])
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "query",
    [{"width": "300", "format": "webp"}, {"width": "3840", "format": "webp"}, {"width": "640", "height": "100"}],
)
def test_what_it_says_is_what_serve_does(explain, serve, library, aws, query):
    library.publish()
    explained = explain(query).document

    served = serve.query(query)

    assert served.image.size == (explained["width"], explained["height"])
    assert served.headers["Content-Type"] == f"image/{explained['format']}"
    assert aws.keys(GENERATED) == [f"images/{IMAGE_ID}/{explained['key']}"]
    assert explain(query).document["is_stored"] is True


def test_a_canonical_path_is_explained_too(explain, library):
    library.publish()
    canonical = "fit=cover,format=auto,position=center,quality=auto,width=1920"

    found = explain({"canonical": canonical}).document

    assert (found["canonical"], found["key"]) == (canonical, canonical.replace("1920", "1600"))
    assert "larger than 1600 x 1200 px" in found["why"]["key"]
    assert found["why"]["quality"] == "It was predicted for this picture when it was processed."


def test_the_focal_point_of_the_record_is_the_position(explain, library):
    picture = library.publish()
    library.record("PUBLISHED", revision=1, picture=picture.to_state(), focal_point=[3, 12])

    assert explain({"w": "320", "h": "320", "position": "auto"}).document["position"] == [3, 12]


@pytest.mark.parametrize(("status", "answered"), [("PROCESSING", 409), ("REMOVED", 410), ("BLOCKED", 451)])
def test_an_image_that_is_not_served_has_no_explanation(explain, library, status, answered):
    library.record(status)

    assert explain({"w": "320"}).status == answered


def test_a_bad_parameter_is_refused_as_in_an_image_url(explain, library):
    library.publish()

    assert explain({"rotate": "90"}).document["parameter"] == "rotate"


@pytest.mark.parametrize(("quality", "encoder"), [("80", "jpegli"), ("95", "libjpeg-turbo")])
def test_it_names_the_jpeg_encoder_of_the_quality(explain, library, quality, encoder):
    library.publish()

    found = explain({"w": "320", "format": "jpeg", "q": quality}).document

    assert found["encoder"].split(",")[0] == encoder
