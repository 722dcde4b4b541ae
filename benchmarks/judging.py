"""The cost of moderation: detector calls and time of `optimize` for a few kinds of pictures.

`python -m benchmarks.judging` prints the best of five runs, in ms of one core. docs/adr/0019 uses it.
"""

from collections.abc import Iterator
from pathlib import Path
from time import process_time

from functions.imaging.codecs import load_codec
from functions.imaging.ingest import ingest_here
from functions.imaging.limits import DEFAULT_LIMITS
from tests import pictures

SAMPLES = Path(__file__).parents[1] / "samples" / "images"
RUNS = 5


def main() -> None:
    """Print the table."""
    load_codec("JPEG")
    print("| picture | calls | core ms |\n|---|---|---|")
    for name, body in _uploads():
        times = []
        for _ in range(RUNS):
            started = process_time()
            views = ingest_here(body, "", DEFAULT_LIMITS).proxies
            times.append((process_time() - started) * 1000)
        print(f"| {name} | {len(views)} | {min(times):.0f} |", flush=True)


def _uploads() -> Iterator[tuple[str, bytes]]:
    def sample(name: str) -> bytes:
        return (SAMPLES / name).read_bytes()

    yield "still, JPEG, 3600 x 2400 px", sample("mountains.jpg")
    yield "still with soft alpha, PNG, 640 x 640 px", sample("petals-transparent.png")
    large = pictures.png(image=pictures.opened(sample("petals-transparent.png")).resize((2_400, 2_400)))
    yield "the same, 2400 x 2400 px", large
    yield "animation, GIF, 12 frames of 240 x 240 px", sample("clock.gif")
    yield "animation, GIF, 8 frames of 420 x 300 px", sample("flipbook.gif")
    yield "animation with alpha, WebP, 16 frames of 320 x 320 px", sample("clock.webp")
    for count in (64, 256):
        frames = pictures.moving_frames(count, 480, 360)
        body = pictures.encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=50, quality=80)
        yield f"animation, WebP, {count} frames of 480 x 360 px", body


if __name__ == "__main__":
    main()
