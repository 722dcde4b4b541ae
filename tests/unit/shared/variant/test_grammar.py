"""The variant grammar by the shared table of cases: the Python module and the edge function give the same answers."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdk.edge_functions import image_request_code
from functions.shared.peers import ADVICE, LONGEST_NAME
from functions.shared.problem import problem
from functions.shared.variant import (
    LADDER,
    NotCanonicalError,
    Sizes,
    VariantError,
    maximum_variants,
    parse_canonical,
    parse_download,
    parse_query,
)
from tests.unit.shared.variant.edge_function import (
    PRESETS,
    EdgeFunction,
    api_gateway_parameters,
    image_event,
    run_on_njs,
)

CASES = json.loads((Path(__file__).parents[3] / "cases" / "variants.json").read_text())
IMAGE_ID = "01JD3M9Q8RKC5V2W7X0Y4Z6ABC"
BAD_PATH = "The path does not name a variant in its canonical spelling."
NO_IMAGE = "There is no image with this id."

GOOD = [pytest.param(case, id=case["name"]) for case in CASES if "canonical" in case]
BAD = [pytest.param(case, id=case["name"]) for case in CASES if "parameter" in case]
ALL_SIZES = st.sampled_from(list(Sizes))

NAMES = st.sampled_from(
    [
        "width",
        "w",
        "height",
        "h",
        "fit",
        "format",
        "f",
        "quality",
        "q",
        "position",
        "background",
        "download",
        "%77",
        "Width",
        "%48",
        "rotate",
        "Blur",
        "fp-x",
        "dpr",
        "preset",
        "x",
    ]
)
VALUES = st.one_of(
    st.integers(0, 1_100_000).map(str),
    st.sampled_from(
        [
            "",
            "cover",
            "contain",
            "fill",
            "inside",
            "auto",
            "webp",
            "jpg",
            "png",
            "north",
            "center",
            "white",
            "transparent",
            *PRESETS,
        ]
    ),
    st.sampled_from(["1", "2", "3", "1.5", "2.25", "0.99", "3.01", "1.", "1.005"]),
    st.tuples(st.integers(0, 17), st.integers(0, 17)).map(lambda point: f"{point[0]},{point[1]}"),
    st.text(max_size=6),
    st.text("%0123456789abcdefABCDEF+,=", max_size=9),
)
RAW_QUERIES = st.lists(st.tuples(st.one_of(NAMES, st.text(max_size=5)), VALUES), max_size=7).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)
GOOD_QUERIES = st.fixed_dictionaries(
    {},
    optional={
        "w": st.integers(1, 999_999).map(str),
        "h": st.integers(1, 999_999).map(str),
        "fit": st.sampled_from(["cover", "contain", "fill", "inside", "outside"]),
        "f": st.sampled_from(["auto", "avif", "gif", "jpeg", "jpg", "png", "webp"]),
        "q": st.one_of(st.just("auto"), st.integers(1, 100).map(str)),
        "dpr": st.integers(100, 300).map(lambda hundredths: str(hundredths / 100)),
        "preset": st.sampled_from(list(PRESETS)),
        "position": st.one_of(
            st.sampled_from(["auto", "center", "north", "southwest"]),
            st.tuples(st.integers(0, 16), st.integers(0, 16)).map(lambda point: f"{point[0]},{point[1]}"),
        ),
        "background": st.sampled_from(["black", "gray", "transparent", "white"]),
    },
).map(lambda chosen: list(chosen.items()))
ACCEPTS = st.one_of(
    st.just(""),
    st.lists(
        st.tuples(
            st.sampled_from(["image/avif", "image/webp", "image/*", "*/*", "IMAGE/WEBP", "image/png", ""]),
            st.sampled_from(["", ";q=0", ";q=1", ";q=0.5", " ; q=0.333", ";q=2", ";q=x", ";Q=0.9"]),
        ).map("".join),
        max_size=4,
    ).map(",".join),
    st.text(max_size=20),
)


def answer_of_python(query: str, accept: str, sizes: Sizes) -> str:
    """Return the path that the query form stands for, or the refusal's body."""
    try:
        request = parse_query(api_gateway_parameters(query), accept=accept, sizes=sizes, presets=PRESETS)
    except VariantError as error:
        return problem(400, "Bad Request", error.detail, parameter=error.parameter)["body"]
    return f"/images/{IMAGE_ID}/{request.variant.canonical}"


def answer_of_edge(answer: dict[str, object]) -> object:
    return answer["body"] if "statusCode" in answer else answer["uri"]


def test_the_table_is_large_enough_and_has_no_case_twice():
    assert len(CASES) >= 150
    assert len({case["name"] for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", GOOD)
def test_python_spells_the_variant(case):
    pairs, accept = api_gateway_parameters(case["query"]), case["accept"]

    request = parse_query(pairs, accept=accept, sizes=Sizes(case["sizes"]), presets=PRESETS)

    assert request.variant.canonical == case["canonical"]
    assert parse_canonical(case["canonical"], sizes=Sizes(case["sizes"])) == request.variant


@pytest.mark.parametrize("case", GOOD)
def test_the_edge_rewrites_to_the_same_spelling(edge: EdgeFunction, case):
    uri = f"/images/{IMAGE_ID}/{case['canonical']}"

    answer = edge(f"/images/{IMAGE_ID}", case["query"], accept=case["accept"] or None, sizes=case["sizes"])

    assert answer["uri"] == uri
    assert edge(uri, sizes=case["sizes"])["uri"] == uri


@pytest.mark.parametrize("case", BAD)
def test_both_refuse_with_the_same_document_and_reflect_nothing(edge: EdgeFunction, case):
    expected = problem(400, "Bad Request", f"{case['parameter']} {case['problem']}", parameter=case["parameter"])

    python = answer_of_python(case["query"], case["accept"], Sizes(case["sizes"]))
    refusal = edge(f"/images/{IMAGE_ID}", case["query"], accept=case["accept"], sizes=case["sizes"])

    assert python == refusal["body"] == expected["body"]
    assert refusal["statusCode"] == 400
    assert refusal["headers"]["content-type"] == {"value": "application/problem+json"}


def test_both_refuse_every_parameter_of_another_service(edge: EdgeFunction):
    names = [name for _, group in ADVICE for name in group.split()]

    answers = {name: edge(f"/images/{IMAGE_ID}", f"w=640&{name}=1") for name in names}

    assert len(answers) == len(names)
    for name, answer in answers.items():
        assert json.loads(answer["body"])["parameter"] == name
        assert answer["body"] == answer_of_python(f"w=640&{name}=1", "", Sizes.LADDER)
        assert name.islower()
        assert len(name) <= LONGEST_NAME


@settings(max_examples=400, deadline=None)
@given(query=RAW_QUERIES, accept=ACCEPTS, sizes=ALL_SIZES)
def test_no_input_makes_the_edge_and_python_differ(edge: EdgeFunction, query, accept, sizes):
    answer = edge(f"/images/{IMAGE_ID}", query, accept=accept, sizes=sizes)

    assert answer_of_edge(answer) == answer_of_python(query, accept, sizes)


@settings(max_examples=300, deadline=None)
@given(query=GOOD_QUERIES, accept=ACCEPTS, sizes=ALL_SIZES)
def test_a_spelling_is_read_back_as_the_same_variant(edge: EdgeFunction, query, accept, sizes):
    variant = parse_query(query, accept=accept, sizes=sizes, presets=PRESETS).variant

    assert parse_canonical(variant.canonical, sizes=sizes) == variant
    uri = f"/images/{IMAGE_ID}/{variant.canonical}"
    assert edge(uri, sizes=sizes)["uri"] == uri


@settings(max_examples=300, deadline=None)
@given(
    text=st.one_of(
        st.text(max_size=60),
        st.lists(
            st.sampled_from(
                [
                    "fit=cover",
                    "format=webp",
                    "height=300",
                    "position=center",
                    "position=x3y4",
                    "position=auto",
                    "dpr=1",
                    "preset=card",
                    "quality=80",
                    "width=320",
                ]
            ),
            max_size=7,
        ).map(",".join),
    ),
    sizes=ALL_SIZES,
)
def test_both_let_the_same_paths_through(edge: EdgeFunction, text, sizes):
    text = text.replace("/", "")
    try:
        expected: object = f"/images/{IMAGE_ID}/{parse_canonical(text, sizes=sizes).canonical}"
    except NotCanonicalError:
        expected = problem(404, "Not Found", BAD_PATH)["body"]

    answer = edge(f"/images/{IMAGE_ID}/{text}", sizes=sizes)

    assert answer_of_edge(answer) == expected


@pytest.mark.parametrize(
    "path",
    [
        "fit=cover",
        "width=640,fit=cover,format=webp,position=center,quality=auto",
        "fit=cover,format=webp,position=center,quality=auto,width=641",
        "fit=cover,format=webp,position=center,quality=auto,width=0640",
        "fit=cover,format=jpg,position=center,quality=auto,width=640",
        "fit=cover,format=webp,position=center,quality=72,width=640",
        "fit=cover,format=webp,position=8,8,quality=auto,width=640",
        "fit=cover,format=webp,position=x8y8,quality=auto,width=640",
        "fit=fill,format=webp,position=center,quality=auto,width=640",
        "fit=cover,format=webp,position=center,quality=auto,width=640,",
        "fit=cover,format=webp,position=center,quality=auto,width=640,x=1",
        "fit%3Dcover,format=webp,position=center,quality=auto,width=640",
        "fit=fill,format=webp,height=320,position=auto,quality=auto,width=320",
        "fit=cover,format=webp,position=auto,quality=auto,width=640",
        "dpr=1,fit=cover,format=webp,position=center,quality=auto,width=640",
        "fit=cover,format=webp,position=center,preset=card,quality=auto,width=640",
        "w=640",
        "..",
        "\x00",
        "a" * 9000,
    ],
)
def test_a_path_in_any_other_spelling_is_not_found(edge: EdgeFunction, path):
    with pytest.raises(NotCanonicalError):
        parse_canonical(path, sizes=Sizes.LADDER)

    answer = edge(f"/images/{IMAGE_ID}/{path}")

    assert answer["statusCode"] == 404
    assert answer["body"] == problem(404, "Not Found", BAD_PATH)["body"]


@pytest.mark.parametrize(
    "uri",
    [
        "/",
        "/images",
        "/images/",
        "/images/x",
        f"/images/{IMAGE_ID.lower()}",
        f"/images/{IMAGE_ID}/a/b",
        f"/images/../{IMAGE_ID}",
        f"/images/%2e%2e/{IMAGE_ID}",
        f"/images/{IMAGE_ID}%00",
        f"/images/{IMAGE_ID}%2Fa",
        f"/images/{IMAGE_ID}\n",
        "/v1/images",
    ],
)
def test_the_edge_answers_404_where_no_image_can_be(edge: EdgeFunction, uri):
    answer = edge(uri, "w=640")

    assert answer["statusCode"] == 404
    assert answer["body"] == problem(404, "Not Found", NO_IMAGE)["body"]


def test_the_edge_hands_on_nothing_of_the_query_but_the_download_name(edge: EdgeFunction):
    answer = edge(f"/images/{IMAGE_ID}", "w=640&x=1&download=a%20b.jpg")

    assert answer["querystring"] == {"download": {"value": "a%20b.jpg"}}


def test_a_canonical_path_takes_download_and_ignores_every_other_parameter(edge: EdgeFunction):
    uri = f"/images/{IMAGE_ID}/fit=cover,format=webp,position=center,quality=auto,width=640"

    kept = edge(uri, "width=0&width=1&download=a.webp")
    refused = edge(uri, "download=")

    assert kept["querystring"] == {"download": {"value": "a.webp"}}
    assert json.loads(refused["body"])["parameter"] == "download"


def test_python_reads_the_download_name_beside_a_canonical_path():
    assert parse_download([("width", "0"), ("download", "a b.jpg")]) == "a b.jpg"
    assert parse_download([("width", "0")]) is None
    with pytest.raises(VariantError, match="download is given more than once"):
        parse_download([("download", "a"), ("download", "b")])


def test_repeated_accept_headers_count_together(edge: EdgeFunction):
    answer = edge(f"/images/{IMAGE_ID}", accept=["text/html", "image/webp"])

    assert "format=webp" in answer["uri"]


@pytest.mark.parametrize("sizes", list(Sizes))
def test_only_an_automatic_format_is_negotiated(sizes):
    assert parse_query([], accept="", sizes=sizes).negotiated
    assert parse_query([("f", "auto")], accept="image/webp", sizes=sizes).negotiated
    assert not parse_query([("f", "webp")], accept="", sizes=sizes).negotiated


def test_one_image_has_at_most_the_documented_number_of_variants():
    assert maximum_variants(Sizes.LADDER) == 29_984_010
    assert maximum_variants(Sizes.EXACT) > maximum_variants(Sizes.LADDER)


def test_without_position_a_ladder_has_few_variants_per_encoding():
    boxes = {
        parse_query([("w", str(w)), ("h", str(h))], accept="", sizes=Sizes.LADDER).variant.canonical
        for w in range(1, 4200, 29)
        for h in range(1, 4200, 31)
    }

    assert len(boxes) <= len(LADDER) * 95


def test_ten_thousand_widths_and_qualities_make_few_variants():
    queries = [[("w", str(number)), ("q", str(number % 100 + 1)), (f"x{number}", "1")] for number in range(1, 10_001)]

    spellings = {parse_query(query, accept="", sizes=Sizes.LADDER).variant.canonical for query in queries}

    assert len(spellings) <= len(LADDER) * 9


@pytest.mark.parametrize("sizes", list(Sizes))
def test_the_table_holds_on_cloudfronts_own_engine(sizes, tmp_path):
    cases = [case for case in CASES if case["sizes"] == sizes]
    events = [image_event(f"/images/{IMAGE_ID}", case["query"], accept=case["accept"] or None) for case in cases]

    answers = run_on_njs(image_request_code(sizes, presets=PRESETS), events, tmp_path)

    for case, answer in zip(cases, answers, strict=True):
        expected = answer_of_python(case["query"], case["accept"], Sizes(case["sizes"]))
        assert answer_of_edge(answer) == expected, case["name"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("width=200%0A", "width"),
        ("h=200%0a", "height"),
        ("quality=80%0A", "quality"),
        ("position=4,4%0A", "position"),
        ("fit=cover%0A", "fit"),
        ("width=%0A200", "width"),
        ("width=2%0000", "width"),
    ],
)
def test_a_control_character_never_hides_behind_a_number(edge: EdgeFunction, query, parameter, tmp_path):
    event = image_event(f"/images/{IMAGE_ID}", query)

    answers = [edge(f"/images/{IMAGE_ID}", query), *run_on_njs(image_request_code("ladder"), [event], tmp_path)]

    for answer in answers:
        assert answer["statusCode"] == 400
        assert json.loads(answer["body"])["parameter"] == parameter
