"""The edge functions as they are deployed: small enough, cheap for every input, and the same on both engines."""

import json
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

from benchmarks.edge_functions import HOSTILE, IMAGE, USUAL, script
from cdk import edge_functions
from cdk.config import STAGES
from cdk.edge_functions import LIMIT_BYTES, EdgeFunctionError, image_request_code
from tests.unit.shared.variant.edge_function import CloudFrontFunction, image_event, run_on_njs

APP = "https://app.example"
LOCAL = STAGES["local"]
CODES = {
    "ladder": image_request_code("ladder"),
    "exact": image_request_code("exact", allowed_origins=[APP, "https://b.example"], credentials=True),
    "stage local": image_request_code(
        LOCAL.sizes, allowed_origins=LOCAL.allowed_origins, credentials=True, presets=LOCAL.presets
    ),
    "response": edge_functions.image_response_code(),
    "control": edge_functions.control_request_code(),
    "closed": edge_functions.closed_code(),
}
REQUESTS = 5
HOSTILE_TIMES_USUAL = 12
"""How much more a hostile request may cost than a usual one, in instructions, starting njs left out. 1,900 parameters
cost nine times as much, nearly all of it in making the event; without the bounds an Accept of 18 KB cost 350 times."""


def on_both_engines(code, event, tmp_path):
    node = CloudFrontFunction(code)
    answer = node.handle(event)
    node.close()
    (again,) = run_on_njs(code, [event], tmp_path)
    assert again == answer
    return answer


@pytest.mark.parametrize("name", CODES)
def test_a_function_is_well_below_cloudfronts_limit_with_one_entry_and_no_placeholder(name):
    code = CODES[name]

    assert len(code.encode()) <= LIMIT_BYTES < 10_000
    assert code.count("function handler(") == 1
    assert "__" not in code


def test_a_function_that_is_too_long_fails_the_synth(monkeypatch):
    monkeypatch.setattr(edge_functions, "LIMIT_BYTES", 300)
    edge_functions._minified.cache_clear()

    with pytest.raises(EdgeFunctionError, match=r"Closed has 3[0-9]+ bytes minified; the limit is 300, [0-9]+ fewer$"):
        edge_functions.closed_code()


def test_presets_that_do_not_fit_fail_the_synth_with_the_excess():
    presets = {f"preset-{number}": {"width": "640", "height": "480"} for number in range(100)}

    with pytest.raises(EdgeFunctionError, match=r"the limit is 9900, [0-9]+ fewer; the stage's presets are too long"):
        image_request_code("ladder", presets=presets)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_request_costs_much_more_than_a_typical_one(name, tmp_path):
    """By instructions, which do not depend on what else the machine does."""
    if not (shutil.which("njs") and shutil.which("valgrind")):
        pytest.skip("njs or valgrind is missing: the cost of the edge functions was not counted")

    start, usual = usual_instructions()
    hostile = instructions(HOSTILE[name], REQUESTS, tmp_path) - start

    assert hostile <= HOSTILE_TIMES_USUAL * (usual - start)


@cache
def usual_instructions():
    """Return what njs takes to start, and what it takes with usual requests."""
    with tempfile.TemporaryDirectory() as folder:
        return tuple(instructions(USUAL, requests, Path(folder)) for requests in (0, REQUESTS))


def instructions(event, requests, folder):
    path = script(CODES["ladder"], event, requests, folder)
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "njs", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])


@pytest.mark.parametrize(
    ("uri", "query", "status", "says"),
    [
        (f"{IMAGE}/{'a=,' * 2700}", "", 404, "canonical spelling"),
        ("/" * 8100, "", 404, "canonical spelling"),
        (IMAGE, "&".join(f"x{n}=1" for n in range(33)), 400, "query has too many parameters."),
        (IMAGE, "&".join("w=1" for _ in range(900)), 400, "width is given more than once."),
        (IMAGE, "width=" + "%30" * 2000, 400, "width must be a whole number"),
        (IMAGE, "download=" + "%2F" * 2000, 400, "download must be a file name."),
    ],
)
def test_input_out_of_bounds_is_refused_before_parsing(uri, query, status, says, tmp_path):
    answer = on_both_engines(CODES["ladder"], image_event(uri, query), tmp_path)

    assert answer["statusCode"] == status
    assert says in json.loads(answer["body"])["detail"]


@pytest.mark.parametrize(
    "accept",
    ["image/avif;q=0.5," * 100, ["image/avif"] * 40, "image/avif" + ";a=1" * 100, "image/avif" + "," * 600],
)
def test_an_accept_out_of_bounds_chooses_no_format(accept, tmp_path):
    answer = on_both_engines(CODES["ladder"], image_event(IMAGE, accept=accept), tmp_path)

    assert "format=auto" in answer["uri"]


def test_unknown_parameters_of_a_page_are_ignored(tmp_path):
    query = "&".join([f"utm_{n}=1" for n in range(30)] + ["w=640"])

    assert "width=640" in on_both_engines(CODES["ladder"], image_event(IMAGE, query), tmp_path)["uri"]


@pytest.mark.parametrize(
    "uri",
    [
        f"/images/../{IMAGE[8:]}",
        f"{IMAGE}/../{IMAGE[8:]}",
        f"{IMAGE}/.",
        f"{IMAGE}/%2e%2e/{IMAGE[8:]}",
        f"/images/%2E%2E{IMAGE[7:]}",
        f"{IMAGE}%2f..%2f{IMAGE[8:]}",
        f"{IMAGE}\\..\\{IMAGE[8:]}",
        f"/images//{IMAGE[8:]}",
    ],
)
def test_a_path_that_is_not_plain_is_refused(uri, tmp_path):
    """Regardless of the signed path, a request for one image never returns another image."""
    assert on_both_engines(CODES["ladder"], image_event(uri), tmp_path)["statusCode"] == 404


@pytest.mark.parametrize(
    "uri",
    ["/v1/", "/v1/a%2fb", "/v1/../x", "/v1/./x", "/v1/a/%00", "/v1//a", "/v1/" + "a" * 129, "/v1/images\n",
     "/v1/" + "a/" * 4000],
)  # fmt: skip
def test_odd_paths_of_the_api_are_answered_by_the_edge(uri, tmp_path):
    assert on_both_engines(CODES["control"], image_event(uri), tmp_path)["statusCode"] == 404


@pytest.mark.parametrize(
    ("origins", "credentials", "asked", "allowed"),
    [
        ([], False, APP, None),
        ([APP], True, APP, (APP, "true")),
        ([APP], True, "https://other.example", None),
        ([APP], True, f"{APP}.other.example", None),
        (["*"], False, APP, ("*", None)),
        ([APP], True, None, None),
    ],
)
def test_a_preflight_is_answered_by_the_edge_itself(origins, credentials, asked, allowed, tmp_path):
    code = image_request_code("ladder", allowed_origins=origins, credentials=credentials)
    event = image_event(IMAGE, method="OPTIONS", **({"origin": asked} if asked else {}))

    answer = on_both_engines(code, event, tmp_path)

    headers = {name: each["value"] for name, each in answer["headers"].items()}
    assert (answer["statusCode"], headers["vary"]) == (204, "Origin")
    found = headers.get("access-control-allow-origin")
    assert (found and (found, headers.get("access-control-allow-credentials"))) == allowed
    assert ("access-control-allow-methods" in headers) == bool(allowed)
