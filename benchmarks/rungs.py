"""Compares lists of rendition widths: `python -m benchmarks.rungs` prints the table of docs/adr/0007.

For each list it prints the time to generate it (ms without decoding), its size (MB per photo), and the time to decode
and scale a JPEG, as a mean over the steps of the ladder from 200 to 2048 px.
"""

from statistics import fmean, median
from time import perf_counter

from PIL import Image

from benchmarks.photos import photos
from functions.imaging.picture import DecodedPicture
from functions.imaging.renditions import EncodedFile, ReduceChain, encoded_master, encoded_renditions
from functions.imaging.variants import VariantSpec, decode_for
from functions.shared.variant import LADDER, POINTS

CANDIDATES = {
    "three": (640, 1280, 2560),
    "six": (320, 640, 828, 1280, 1920, 2560),
    "eight": (200, 320, 480, 800, 1080, 1600, 1920, 2560),
    "ten": (200, 320, 480, 640, 800, 1080, 1280, 1600, 1920, 2560),
    "every step from 200": tuple(step for step in LADDER if 200 <= step <= 2560),
}
ASKED = tuple(step for step in LADDER if 200 <= step <= 2048)


def main() -> None:
    """Measure each list on each photo."""
    print("| list | widths, px | generated in, ms | MB | ms, mean | ms, slowest |\n|---|---|---|---|---|---|")
    pictures = []
    for photo in photos():
        with Image.open(photo.path) as image:
            pictures.append(DecodedPicture((image.convert("RGB"),)))
    for name, widths in CANDIDATES.items():
        made, sizes, times = [], [], []
        for picture in pictures:
            started = perf_counter()
            files = [encoded_master(picture)[0], *encoded_renditions(ReduceChain(picture), widths)]
            made.append((perf_counter() - started) * 1000)
            sizes.append(sum(len(file.body) for file in files) / 1e6)
            times.append([_fetched(files, width) for width in ASKED])
        slowest = max(fmean(column) for column in zip(*times, strict=True))
        print(
            f"| {name} | {', '.join(map(str, widths))} | {fmean(made):.0f} | {fmean(sizes):.1f} "
            f"| {fmean(map(fmean, times)):.1f} | {slowest:.1f} |",
            flush=True,
        )


def _fetched(files: list[EncodedFile], width: int) -> float:
    """Return the ms of decoding and scaling to ``width`` from the smallest file that is large enough."""
    source = min((file for file in files if file.width >= width), key=lambda file: file.width)
    spec = VariantSpec(width, None, "cover", "jpeg", 80, POINTS["center"], "white")
    times = []
    for _ in range(3):
        started = perf_counter()
        decode_for(spec, source.body).scaled(spec)
        times.append((perf_counter() - started) * 1000)
    return median(times)


if __name__ == "__main__":
    main()
