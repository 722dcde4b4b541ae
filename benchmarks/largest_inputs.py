"""The largest inputs that are allowed, and bombs: `python -m benchmarks.largest_inputs` prints docs/memory.md's table.

Each goes through ingest as OptimizeImage calls it; blur writes the largest picture, and serve reads the largest master.
Each runs in its own process. Its memory is that of this process and its sandbox together
with shared pages counted once (PSS), sampled every 20 ms. Making the inputs takes longer than measuring.
"""

import os
import random
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path
from time import perf_counter

from PIL import Image

from functions.blur.pictures import blurred_twin
from functions.imaging.codecs import load_codec
from functions.imaging.encoding import encode_lossless_webp
from functions.imaging.ingest import ingest
from functions.imaging.limits import MIB, Limits
from functions.imaging.refusal import RefusedPictureError
from functions.imaging.renditions import TRANSPARENT_RUNG_WIDTHS
from functions.optimize.settings import DEFAULT_MEMORY_MIB, SANDBOX_SHARE
from functions.serve.rendering import render
from functions.shared.contracts import Picture, Rendition
from functions.shared.options import Blur
from functions.shared.variant import LARGEST_SIDE_PX, Sizes, parse_query
from tests import pictures

SIDE_PX = 8_000
SAMPLE_SECONDS = 0.02
_FORK = get_context("fork")
_SPAWN = get_context("spawn")  # shares nothing with this process, so that its memory is its own
LIMITS = Limits(max_memory_bytes=int(DEFAULT_MEMORY_MIB * MIB * SANDBOX_SHARE))

Make = Callable[[], bytes]
Work = Callable[[bytes], str]
"""What is done with an input, and its outcome in a word or two."""


def main() -> None:
    """Make each input, measure it, print its row as soon as it is known; arguments are the beginnings of names."""
    print("| input | MB | outcome | s | peak, MiB |\n|---|---|---|---|---|", flush=True)
    uploads = ((name, make, _ingest) for name, make in (*_largest(), *_bombs()))
    for name, make, work in (*uploads, *_stored()):
        if len(sys.argv) > 1 and not name.startswith(tuple(sys.argv[1:])):
            continue
        answers: Queue[str] = _SPAWN.Queue()
        process = _SPAWN.Process(target=_measure, args=(_made(make), work, answers))
        process.start()
        print(f"| {name} | {answers.get()} |", flush=True)
        process.join()


def _made(make: Make) -> bytes:
    """Make the input in a process of its own, whose memory goes with it."""
    bodies: Queue[bytes] = _FORK.Queue()
    process = _FORK.Process(target=lambda: bodies.put(make()))
    process.start()
    body = bodies.get()
    process.join()
    return body


def _measure(body: bytes, work: Work, answers: "Queue[str]") -> None:
    ended = threading.Event()
    peak = [0.0]
    sampler = threading.Thread(target=_sample, args=(ended, peak))
    sampler.start()
    load_codec("JPEG")  # as in a warm function
    started = perf_counter()
    outcome = work(body)
    seconds = perf_counter() - started
    ended.set()
    sampler.join()
    answers.put(f"{len(body) / 1e6:.1f} | {outcome} | {seconds:.3f} | {peak[0]:.0f}")


def _ingest(body: bytes) -> str:
    try:
        result = ingest(body, "", LIMITS)
    except RefusedPictureError as refusal:
        return str(refusal.reason)
    return f"{result.frames} frames" if result.frames > 1 else "optimized"


def _blur(narrowest: bytes) -> str:
    blurred_twin(narrowest, (SIDE_PX, SIDE_PX), TRANSPARENT_RUNG_WIDTHS, Blur())
    return "blurred"


def _serve(master: bytes) -> str:
    whole = Rendition("master", SIDE_PX, SIDE_PX, len(master), "image/webp")
    picture = Picture(whole, (), placeholder="", dominant_color="#000000", has_alpha=True)
    asked = [("width", str(LARGEST_SIDE_PX)), ("format", "avif")]
    render(master, parse_query(asked, accept="", sizes=Sizes.LADDER).variant, picture)
    return "served"


def _sample(ended: threading.Event, peak: list[float]) -> None:
    started_by_main_thread = Path(f"/proc/self/task/{os.getpid()}/children")
    while True:
        children = started_by_main_thread.read_text().split()
        peak[0] = max(peak[0], sum(map(_pss_mib, ["self", *children])))
        if ended.wait(SAMPLE_SECONDS):
            return


def _pss_mib(process: str) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def _largest() -> Iterator[tuple[str, Make]]:
    for subsampling in ("4:2:0", "4:4:4"):
        for progressive in (False, True):
            kind = "progressive" if progressive else "baseline"
            options = {"subsampling": subsampling, "progressive": progressive, "quality": 85}
            yield f"JPEG, 64 MP, {kind} {subsampling}", partial(_still, "RGB", "JPEG", **options)
    yield "JPEG, 64 MP, CMYK", partial(_still, "CMYK", "JPEG", quality=80)
    yield "PNG, 64 MP, 16-bit RGBA", _png_16_bit_rgba
    yield "WebP, 64 MP, lossless with alpha", partial(_still, "RGBA", "WEBP", lossless=True, quality=0, method=0)
    yield "TIFF, 64 MP, deflate, RGBA", partial(_still, "RGBA", "TIFF", compression="tiff_adobe_deflate")
    yield "AVIF, 64 MP", partial(_still, "RGB", "AVIF", quality=50, speed=10)
    yield "HEIC, 64 MP", partial(_still, "RGB", "HEIF", quality=50)
    for pillow_format in ("GIF", "WEBP"):
        yield f"{pillow_format}, 256 frames of 1 MP", partial(_animation, pillow_format)


def _bombs() -> Iterator[tuple[str, Make]]:
    yield "bomb: JPEG, 5,000 scans", pictures.scan_bomb
    yield "bomb: PNG, 300,000 chunks", pictures.png_chunk_bomb
    yield "bomb: PNG, 200,000 texts", pictures.png_text_bomb
    yield "bomb: PNG header of 3,600 MP", partial(pictures.png_header, 60_000, 60_000)
    yield "bomb: GIF, 3,600 MP in frame 2", pictures.gif_bomb_in_second_frame
    yield "bomb: TIFF, 2 million strips", partial(pictures.tiff_of_strips, 2_000_000)
    yield "JPEG, 65,000 EXIF segments", pictures.jpeg_of_exif_segments


def _stored() -> Iterator[tuple[str, Make, Work]]:
    yield "blur: of 64 MP with alpha, the narrowest file", _narrowest, _blur
    yield f"serve: {LARGEST_SIDE_PX} px AVIF from a master of 64 MP with alpha", _master, _serve


def _tiled(mode: str) -> Image.Image:
    """Return 64 megapixels of texture, half transparent where there is alpha."""
    tile = pictures.scene(1_000, 1_000)
    canvas = Image.new("RGB", (SIDE_PX, SIDE_PX))
    for left in range(0, SIDE_PX, 1_000):
        for top in range(0, SIDE_PX, 1_000):
            canvas.paste(tile, (left, top))
    if mode == "RGBA":
        canvas.putalpha(128)
    return canvas if canvas.mode == mode else canvas.convert(mode)


def _still(mode: str, pillow_format: str, **options: object) -> bytes:
    if pillow_format == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    buffer = BytesIO()
    _tiled(mode).save(buffer, pillow_format, **options)
    return buffer.getvalue()


def _master() -> bytes:
    return encode_lossless_webp(_tiled("RGBA"))


def _narrowest() -> bytes:
    side = TRANSPARENT_RUNG_WIDTHS[0]
    return encode_lossless_webp(pictures.drawing(side, side))


def _png_16_bit_rgba() -> bytes:
    row = random.Random(1).randbytes(SIDE_PX) * 8  # what repeats within 32 KiB is what deflate finds
    return pictures.png_of_rows([row] * SIDE_PX, SIDE_PX, bit_depth=16, color_type=6)


def _animation(pillow_format: str) -> bytes:
    first, *others = pictures.moving_frames(256, 1_000, 1_000)
    buffer = BytesIO()
    options = {"quality": 50, "method": 0} if pillow_format == "WEBP" else {}
    first.save(buffer, pillow_format, save_all=True, append_images=others, duration=50, **options)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
