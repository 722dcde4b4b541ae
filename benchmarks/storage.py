"""Compares lists of stored files by cost: `python -m benchmarks.storage` prints the table of docs/adr/0034.

For each list it prints the bytes as a multiple of the original's (geometric mean of the photos), the CPU time to encode
the files, the mean CPU time to decode and scale a variant over the steps of the ladder from 200 to 2,048 px, and the
cost of 10,000 pictures for a year, by the number of variants generated of each.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean
from time import process_time

from PIL import Image

from benchmarks.photos import Photo, photos
from benchmarks.targets import geometric_mean
from functions.imaging.encoding import encode, encode_fast_jpeg
from functions.imaging.limits import LONGEST_KEPT_SIDE_PX
from functions.imaging.picture import DecodedPicture
from functions.imaging.renditions import MASTER_QUALITY, RENDITION_QUALITY, RENDITION_WIDTHS, ReduceChain
from functions.imaging.resizing import resized
from functions.imaging.variants import VariantSpec, decode_for
from functions.shared.variant import LADDER, POINTS
from image_scaler.costs.storage import StoredFiles

STEPS = tuple(step for step in LADDER if 200 <= step <= 2048)
VARIANTS = (1, 5, 20, 100)
PICTURES = 10_000
MONTHS = 12


@dataclass(frozen=True)
class Candidate:
    """One list: the widths of the renditions, and whether all files have full chroma as before ADR 34."""

    name: str
    widths: tuple[int, ...]
    full: bool = False

    def encoded(self, picture: DecodedPicture) -> Iterator[tuple[int, bytes]]:
        """Yield the width and the bytes of each file."""
        chain = ReduceChain(picture)
        image = picture.frames[0]
        if self.full:
            yield image.width, encode_fast_jpeg(image, 92, full_chroma=True)
        else:
            yield image.width, encode(picture, "jpeg", MASTER_QUALITY)
        for width in reversed(self.widths):
            if width < image.width:
                copy = chain.at(width).frames[0]
                yield width, encode_fast_jpeg(copy, 94 if self.full else RENDITION_QUALITY, full_chroma=True)


CANDIDATES = (
    Candidate("master alone", ()),
    Candidate("and 480 px", (480,)),
    Candidate("and 1280 px", (1280,)),
    Candidate("and 480, 1280 px (chosen)", RENDITION_WIDTHS),
    Candidate("and 320, 640, 1280 px", (320, 640, 1280)),
    Candidate("and 480, 1280, 2048 px", (480, 1280, 2048)),
    Candidate("and six widths", (320, 640, 828, 1280, 1920, 2560)),
    Candidate("every step, 4:4:4 (before)", tuple(step for step in LADDER if 200 <= step <= 2560), full=True),
)


def main() -> None:
    """Measure each list on each photo."""
    headings = " | ".join(f"{count} variants" for count in VARIANTS)
    print(f"| stored | files | ÷ original | encoded in, ms | ms, mean | ms, slowest | {headings} |")
    print("|---" * (6 + len(VARIANTS)) + "|")
    pictures = [(each, _upload(each)) for each in photos()]
    for candidate in CANDIDATES:
        shares, rows, slowest = [], [], []
        for photo, picture in pictures:
            started = process_time()
            files = list(candidate.encoded(picture))
            ingest_s = process_time() - started
            size = sum(len(body) for _, body in files)
            times = [_variant_s(files, step) for step in STEPS]
            shares.append(size / photo.path.stat().st_size)
            slowest.append(max(times))
            rows.append(StoredFiles(len(files), size, ingest_s, fmean(times)))
        usd = " | ".join(
            f"{PICTURES * fmean(row.total_usd(variants=count, months=MONTHS) for row in rows):.2f}"
            for count in VARIANTS
        )
        print(
            f"| {candidate.name} | {max(row.files for row in rows)} | {geometric_mean(shares):.2f} "
            f"| {fmean(row.ingest_s for row in rows) * 1000:.0f} | {fmean(row.variant_s for row in rows) * 1000:.0f} "
            f"| {fmean(slowest) * 1000:.0f} | {usd} |",
            flush=True,
        )


def _upload(photo: Photo) -> DecodedPicture:
    """Return an original as `optimize` decodes it."""
    with Image.open(photo.path) as source:
        image = source.convert("RGB")
    scale = min(1.0, LONGEST_KEPT_SIDE_PX / max(image.size))
    return DecodedPicture((resized(image, (round(image.width * scale), round(image.height * scale))),))


def _variant_s(files: list[tuple[int, bytes]], width: int) -> float:
    """Return the CPU seconds of decoding and scaling to ``width`` from the smallest file that is large enough."""
    _, source = min((file for file in files if file[0] >= width), key=lambda file: file[0])
    spec = VariantSpec(width, None, "cover", "jpeg", 80, POINTS["center"], "white")
    started = process_time()
    decode_for(spec, source).scaled(spec)
    return process_time() - started


if __name__ == "__main__":
    main()
