"""samples/webapp in headless Chromium, without installed certificates and without flags that ignore them."""

import importlib.util
import os
import re
import socket
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from cdk.config import stage_config
from local.access import Access
from local.workspace import CHECKOUT
from tests import pictures
from tests.browser.test_pages import CHROMIUM
from tests.deployed import WITHIN_SECONDS

APPLICATION = CHECKOUT / "samples" / "webapp" / "app.py"
SCREENSHOTS = "IMAGE_SCALER_SCREENSHOTS"
"""A folder for screenshots of the page."""

WITHIN_MS = 1_000 * WITHIN_SECONDS

pytestmark = pytest.mark.browser


def free_allowed_port() -> int:
    """Return a port of the origins that the local stage allows to upload."""
    for origin in stage_config("local").allowed_origins:
        port = urlsplit(origin).port
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("all ports of the allowed origins are in use")


@pytest.fixture(scope="module")
def address(deployed):
    """The application's address."""
    spec = importlib.util.spec_from_file_location("webapp", APPLICATION)
    webapp = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(webapp)
    access = Access(deployed.outputs)
    port = free_allowed_port()
    secret = webapp.forwarded_by(deployed.outputs.webhooks_url, port)
    with webapp.server(access.client, str(deployed.outputs.edge_url), port, secret) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
    access.close()


@pytest.fixture
def page(address):
    """The page in a new browser, with its errors and requests."""
    assert CHROMIUM, "no Chromium on the PATH (Debian: apt-get install chromium)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 900, "height": 700})
        page.set_default_timeout(WITHIN_MS)
        expect.set_options(timeout=WITHIN_MS)
        page.faults, page.answers = [], []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)
        page.on("requestfailed", lambda request: page.faults.append(f"{request.url} {request.failure}"))
        page.on("response", lambda answer: page.answers.append(answer))  # noqa: PLW0108 - playwright marks what it calls
        page.goto(address)
        yield page
        browser.close()


def upload(page, path: Path) -> None:
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Upload").click()


def screenshot(page, name: str) -> None:
    if folder := os.environ.get(SCREENSHOTS):
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def test_a_photo_is_uploaded_with_progress_and_shown_in_a_srcset_that_stops_at_its_width(page, tmp_path, deployed):
    deployed.rekognition.reset()
    photo = tmp_path / "holiday.jpg"
    photo.write_bytes(pictures.jpeg(700, 500))
    page.evaluate("""() => {
        window.progress = [];
        const bar = document.querySelector('progress');
        new MutationObserver(() => window.progress.push(bar.value)).observe(bar, { attributes: true });
    }""")

    upload(page, photo)
    image = page.locator("#photos img")
    expect(image).to_be_visible(timeout=60_000)
    page.wait_for_function("document.querySelector('#photos img').complete")
    screenshot(page, "webapp")

    edge = str(deployed.outputs.edge_url)
    image_id = page.locator("#photos li").get_attribute("data-id")
    widths = [entry.split(" ")[1] for entry in image.get_attribute("srcset").split(", ")]
    shown = image.evaluate("image => [image.currentSrc, image.naturalWidth > 0]")
    assert page.faults == []
    assert widths == ["320w", "640w", "700w"]
    assert shown == [f"{edge}/images/{image_id}?width=320", True]  # 20rem, and no signature: cookies open it
    polled = [answer for answer in page.answers if answer.request.method == "GET" and "/photos" in answer.url]
    assert len(polled) == 1  # the list at the start: an event tells that the photo is ready
    (sent,) = [answer for answer in page.answers if answer.request.method == "POST" and "/photos" not in answer.url]
    assert urlsplit(sent.url).scheme == "http"
    assert urlsplit(sent.url).hostname == "localhost"
    assert page.evaluate("window.progress.at(-1)") == 1


def test_a_photo_shows_its_placeholder_until_it_is_there(page, tmp_path, deployed):
    deployed.rekognition.reset()
    photo = tmp_path / "slow.jpg"
    photo.write_bytes(pictures.jpeg(800, 600))
    held = []
    page.route(f"{deployed.outputs.edge_url}/**", lambda route: held.append(route))  # noqa: PLW0108

    upload(page, photo)
    image = page.locator("#photos img").first
    expect(image).to_have_css("background-image", re.compile(r"data:image/png"))
    screenshot(page, "webapp-placeholder")
    for route in held:
        route.continue_()

    expect(image).to_have_css("background-image", "none")
    assert page.faults == []


def test_the_page_shows_why_a_file_is_refused(page, tmp_path):
    note = tmp_path / "note.svg"
    note.write_text("<svg/>")

    upload(page, note)

    expect(page.locator("output")).to_contain_text("content_type")


def test_without_cookies_the_pictures_are_closed(page, deployed):
    page.context.clear_cookies()

    answer = page.request.get(f"{deployed.outputs.edge_url}/images/01ARZ3NDEKTSV4RRFFQ69G5FAV")

    assert answer.status == 403
