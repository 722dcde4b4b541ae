"""The pages of docs/frontend in headless Chromium, through the local edge: the selected sizes and the displayed pixels.

The pages are on a separate web server, like an application's; the pictures come from the edge. The page of next/image
contains the HTML that Next.js itself renders with the loader.
"""

import io
import os
import shutil
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import sync_playwright

from cdk.config import stage_config
from tests import pictures
from tests.deployed import WITHIN_SECONDS
from tests.e2e.edge import Viewer

PAGES = Path(__file__).parents[2] / "docs" / "frontend"
NEXT_IMAGE = Path(__file__).with_name("next_image.mjs")
APPLICATION = stage_config("local").allowed_origins[0]
"""The origin of the pages for the browser, whatever the port that they are served at."""
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
TOLERANCE = 24
"""The largest error of a colour after scaling and lossy encoding, of 255."""

READ_PIXEL = """async (address) => {
  const load = (crossOrigin) => new Promise((resolve, reject) => {
    const image = new Image();
    image.crossOrigin = crossOrigin;
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error(`not loaded with crossOrigin ${crossOrigin}`));
    image.src = address;
  });
  await load(null);
  const image = await load('anonymous');
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  return [...context.getImageData(20, 20, 1, 1).data.slice(0, 3)];
}"""
"""Shows a picture in a plain element, then reads a pixel of the same address."""

pytestmark = pytest.mark.browser


class PageServer(SimpleHTTPRequestHandler):
    """Serves docs/frontend with its names in braces filled in, as an application's templates do."""

    values: dict[str, str] = {}
    rendered: dict[str, str] = {}
    """Pages that are already rendered, by path."""
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}

    def do_GET(self):
        if not self.path.endswith(".html"):
            super().do_GET()
            return
        text = self.rendered.get(self.path) or (PAGES / self.path.lstrip("/")).read_text()
        for name, value in self.values.items():
            text = text.replace("{{" + name + "}}", value)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        """Log nothing."""


def page_of_next_image(edge, picture):
    """Return a page with the element that Next.js renders for a picture of 1500 by 1000 px, by its id and signature."""
    made = subprocess.run(
        ["node", str(NEXT_IMAGE), picture, "1500", "1000"],
        env={"PATH": os.environ["PATH"], "NEXT_PUBLIC_IMAGE_SCALER_EDGE": edge},
        capture_output=True,
        text=True,
        check=True,
    )
    style = "<style>body { margin: 0 } img { width: 100%; height: auto; display: block }</style>"
    return f"<!doctype html><meta charset=utf-8><meta name=viewport content=width=device-width>{style}{made.stdout}"


@pytest.fixture(scope="module")
def pages(deployed):
    """The port of the pages, which show a published picture of 1500 by 1000 px."""
    ended = deployed.run(pictures.jpeg(1500, 1000))
    assert ended.status == "PUBLISHED"
    viewer = Viewer(deployed.outputs)
    signed = viewer.signer.sign_url(viewer.image_url(ended.image_id, ""), viewer.policy(ended.image_id))
    handler = type("Pages", (PageServer,), {})
    signature = signed.partition("?")[2]
    handler.values = {"edge": viewer.url, "id": ended.image_id, "signature": signature}
    handler.rendered = {"/next-image.html": page_of_next_image(viewer.url, f"{ended.image_id}?{signature}")}
    viewer.http.close()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(PAGES))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def chromium(pages):
    assert CHROMIUM, "no Chromium on the PATH (Debian: apt-get install chromium)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", f"--host-resolver-rules=MAP {urlsplit(APPLICATION).netloc} 127.0.0.1:{pages}"],
        )
        yield browser
        browser.close()


@pytest.fixture
def show(chromium):
    """Return a function that opens a page on a screen and returns the result of each of its pictures."""
    contexts = []

    def opened(page_name, *, width, density=1):
        context = chromium.new_context(viewport={"width": width, "height": 900}, device_scale_factor=density)
        context.set_default_timeout(1_000 * WITHIN_SECONDS)
        contexts.append(context)
        page = context.new_page()
        answers = {}
        page.on("response", lambda response: answers.update({response.url: response}))
        page.goto(f"{APPLICATION}/{page_name}", wait_until="networkidle")
        shown = []
        for image in page.locator("img").all():
            address = image.evaluate("image => image.currentSrc")
            size = image.evaluate("image => [image.naturalWidth, image.naturalHeight]")
            shown.append((address, size, answers[address], Image.open(io.BytesIO(image.screenshot()))))
        return shown

    yield opened
    for context in contexts:
        context.close()


def corners(picture):
    """Return the colours near the corners of the displayed picture."""
    width, height = picture.size
    across, down = width // 20, height // 20
    at = {
        "top-left": (across, down),
        "top-right": (width - across, down),
        "bottom-left": (across, height - down),
        "bottom-right": (width - across, height - down),
    }
    return {name: picture.convert("RGB").getpixel(point) for name, point in at.items()}


def assert_whole_picture(picture):
    for name, colour in corners(picture).items():
        assert max(abs(a - b) for a, b in zip(colour, pictures.CORNERS[name], strict=True)) <= TOLERANCE, name


@pytest.mark.parametrize("page_name", ["srcset.html", "plain.html", "next-image.html"])
def test_a_page_shows_the_picture_in_the_format_that_the_browser_likes_best(show, page_name):
    address, _, answer, seen = show(page_name, width=600)[0]

    assert answer.status == 200
    assert answer.headers["content-type"] == "image/avif"
    assert "format=" not in address
    assert_whole_picture(seen)


@pytest.mark.parametrize(
    ("page_name", "width", "density", "chosen"),
    [
        ("srcset.html", 320, 1, 320),
        ("srcset.html", 600, 1, 640),
        ("srcset.html", 600, 2, 1280),
        ("plain.html", 320, 1, 320),
        ("plain.html", 700, 1, 828),
        ("plain.html", 640, 2, 1280),
        ("next-image.html", 640, 1, 640),
        ("next-image.html", 1000, 1, 1080),
        ("next-image.html", 375, 2, 750),
    ],
)
def test_the_browser_requests_and_gets_the_size_for_its_screen(show, page_name, width, density, chosen):
    address, size, answer, _ = show(page_name, width=width, density=density)[0]

    body = Image.open(io.BytesIO(answer.body()))
    assert f"width={chosen}&" in address
    assert body.width == chosen
    assert size[0] <= chosen  # natural size is in CSS px


def test_a_crop_has_the_requested_aspect_ratio(show):
    whole, square = show("plain.html", width=600)

    assert square[1][0] == square[1][1]
    assert whole[1][0] > whole[1][1]


def test_a_second_visit_makes_no_new_variant(deployed, show):
    show("srcset.html", width=600)

    _, _, answer, _ = show("srcset.html", width=600)[0]

    assert answer.headers["x-cache"] == "Hit from cloudfront"


def test_a_page_reads_pixels_also_of_a_picture_that_a_plain_element_has_shown(chromium, show):
    address = show("srcset.html", width=600)[0][0]
    with chromium.new_page() as page:
        page.goto(f"{APPLICATION}/image-scaler.mjs")

        colour = page.evaluate(READ_PIXEL, address)

    assert max(abs(a - b) for a, b in zip(colour, pictures.CORNERS["top-left"], strict=True)) <= TOLERANCE
