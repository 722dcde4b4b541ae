"""Measures the largest allowed inputs, and bombs: `python -m benchmarks.largest_inputs` prints docs/memory.md's table.

Ingest processes each input as OptimizeImage calls it. blur and serve process the most expensive stored pictures, serve
at the largest variant of each output format. Each runs in its own process. The memory is that of the process and its
sandbox with shared pages counted once (PSS), sampled every 20 ms. Seconds are CPU time, so other processes do not
affect them. Creating the inputs takes longer than measuring.
"""

import os
import random
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from io import BytesIO
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Empty
from resource import RUSAGE_CHILDREN, getrusage
from time import thread_time

import numpy as np
from PIL import Image

from functions.blur.pictures import blurred_files
from functions.imaging.codecs import load_codec
from functions.imaging.ingest import ingest, ingest_here
from functions.imaging.limits import MIB, Limits
from functions.imaging.refusal import RefusedPictureError
from functions.imaging.renditions import RENDITION_WIDTHS
from functions.optimize.settings import DEFAULT_MEMORY_MIB, SANDBOX_SHARE
from functions.shared.contracts import Picture, Rendition
from functions.shared.options import Blur
from functions.shared.variant import LARGEST_SIDE_PX, Sizes, parse_query
from functions.variants.errors import VariantTooLargeError
from functions.variants.rendering import render
from tests import pictures

SIDE_PX = 8_000
SAMPLE_SECONDS = 0.02
_FORK = get_context("fork")
_SPAWN = get_context("spawn")  # shares nothing with this process, so that its memory is its own
LIMITS = Limits(
    max_memory_bytes=int(DEFAULT_MEMORY_MIB * MIB * SANDBOX_SHARE),
    max_decode_seconds=600,  # of wall-clock time 900: other processes may take most of it here
)

Make = Callable[[], bytes]
Work = Callable[[bytes], str]
"""A function that processes an input and returns its outcome in a few words."""


def main() -> None:
    """Create each input, measure it, and print its row; arguments are prefixes of names."""
    print("| input | MB | outcome | core s | peak, MiB |\n|---|---|---|---|---|", flush=True)
    body, made = b"", None
    uploads = ((name, make, _ingest) for name, make in (*_largest(), *_bombs()))
    for name, make, work in (*uploads, *_stored()):
        if len(sys.argv) > 1 and not name.startswith(tuple(sys.argv[1:])):
            continue
        if make is not made:
            body, made = _made(make), make
        answers: Queue[str] = _SPAWN.Queue()
        process = _SPAWN.Process(target=_measure, args=(body, work, answers))
        process.start()
        print(f"| {name} | {answers.get()} |", flush=True)
        process.join()


def _made(make: Make) -> bytes:
    """Create the input in its own process, so that its memory is released."""
    bodies: Queue[bytes] = _FORK.Queue()
    process = _FORK.Process(target=lambda: bodies.put(make()))
    process.start()
    while True:
        try:
            return bodies.get(timeout=1)
        except Empty:
            if not process.is_alive():
                raise RuntimeError("the input could not be created; the traceback is above") from None


def _measure(body: bytes, work: Work, answers: "Queue[str]") -> None:
    ended = threading.Event()
    peak = [0.0]
    sampler = threading.Thread(target=_sample, args=(ended, peak))
    sampler.start()
    load_codec("JPEG")  # as in a warm function
    started = _core_seconds()
    outcome = work(body)
    seconds = _core_seconds() - started
    ended.set()
    sampler.join()
    answers.put(f"{len(body) / 1e6:.1f} | {outcome} | {seconds:.3f} | {peak[0]:.0f}")


def _core_seconds() -> float:
    """Return the CPU time of this thread and of ended children; sampling memory takes time too."""
    children = getrusage(RUSAGE_CHILDREN)
    return thread_time() + children.ru_utime + children.ru_stime


def _ingest(body: bytes) -> str:
    try:
        result = ingest(body, "", LIMITS)
    except RefusedPictureError as refusal:
        return str(refusal.reason)
    return f"{result.frames} frames" if result.frames > 1 else "optimized"


def _blur(master: bytes) -> str:
    """Blur from the master. A picture with narrower files is blurred from the narrowest, which is cheaper."""
    with Image.open(BytesIO(master)) as image:
        size = image.size
    blurred_files(master, size, RENDITION_WIDTHS, Blur())
    return "blurred"


def _serve(image_format: str, master: bytes) -> str:
    """Return the outcome of a request for the largest variant of a stored picture."""
    with Image.open(BytesIO(master)) as image:
        animated, has_alpha = getattr(image, "n_frames", 1) > 1, image.mode == "RGBA"
        whole = Rendition("master", *image.size, len(master), f"image/{image.format}".lower())
    picture = Picture(whole, (), placeholder="", dominant_color="#000000", animated=animated, has_alpha=has_alpha)
    asked = [("width", str(LARGEST_SIDE_PX)), ("height", str(LARGEST_SIDE_PX)), ("fit", "inside")]
    variant = parse_query([*asked, ("format", image_format)], accept="", sizes=Sizes.LADDER).variant
    try:
        rendered = render(master, variant, picture)
    except VariantTooLargeError as error:
        return f"413, fits: {error.largest_width} px"
    return f"served{f', {rendered.refit}' if rendered.refit else ''}"


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
    yield "TIFF, 64 MP of noise, RGBA", partial(_noise_tiff, "RGBA")
    yield "AVIF, 64 MP", partial(_still, "RGB", "AVIF", quality=50, speed=10)
    yield "HEIC, 64 MP", partial(_still, "RGB", "HEIF", quality=50)
    for pillow_format in ("GIF", "WEBP"):
        yield f"{pillow_format}, 256 frames of 1 MP", partial(_animation, pillow_format)
    yield "WEBP, 64 frames of 1 MP of noise, RGBA", partial(_noise_animation, 64, 1_000, "RGBA")


def _bombs() -> Iterator[tuple[str, Make]]:
    yield "bomb: JPEG, 5,000 scans", pictures.scan_bomb
    yield "bomb: PNG, 300,000 chunks", pictures.png_chunk_bomb
    yield "bomb: PNG, 200,000 texts", pictures.png_text_bomb
    yield "bomb: PNG header of 3,600 MP", partial(pictures.png_header, 60_000, 60_000)
    yield "bomb: GIF, 3,600 MP in frame 2", pictures.gif_bomb_in_second_frame
    yield "bomb: TIFF, 2 million strips", partial(pictures.tiff_of_strips, 2_000_000)
    yield "JPEG, 65,000 EXIF segments", pictures.jpeg_of_exif_segments


def _stored() -> Iterator[tuple[str, Make, Work]]:
    masters = {
        "noise with alpha": partial(_master, partial(_noise_tiff, "RGBA")),
        "noise": partial(_master, partial(_noise_tiff, "RGB")),
        "texture with alpha": partial(_master, partial(_still, "RGBA", "TIFF", compression="tiff_adobe_deflate")),
        "animated noise, 64 MP in 256 frames": partial(_master, partial(_noise_animation, 256, 500, "RGB")),
        "animated noise with alpha, 64 MP in 64 frames": partial(_master, partial(_noise_animation, 64, 1_000, "RGBA")),
        "animation, 64 MP in 256 frames": partial(_master, partial(_animation, "WEBP")),
    }
    for name, make in masters.items():
        if "256" not in name:
            yield f"blur: {name}", make, _blur
        for image_format in ("jpeg", "webp", "avif", "png", "gif"):
            yield f"serve: {name}, as {image_format}", make, partial(_serve, image_format)


def _master(make: Make) -> bytes:
    """Return the master that ingest stores for an upload."""
    return ingest_here(make(), "", replace(LIMITS, max_bytes=2**30)).picture.master.body


def _noise_tiff(mode: str) -> bytes:
    """Return 64 megapixels of noise, with repeated rows, in little more than a megabyte."""
    rows = np.random.default_rng(1).integers(0, 256, (50, SIDE_PX, len(mode)), dtype=np.uint8)
    return pictures.encoded(
        Image.fromarray(np.tile(rows, (SIDE_PX // 50, 1, 1))), "TIFF", compression="zstd", strip_size=2**30
    )


def _noise_animation(frames: int, side: int, mode: str) -> bytes:
    """Return an animation of noise in which 64 frames differ; with alpha they are half transparent."""
    random = np.random.default_rng(1)
    images = [Image.fromarray(random.integers(0, 256, (side, side, 3), dtype=np.uint8)) for _ in range(64)]
    if mode == "RGBA":
        for image in images:
            image.putalpha(128)
    images = [images[index % len(images)] for index in range(frames)]
    options = {"quality": 10, "method": 0, "duration": 50}
    return pictures.encoded(images[0], "WEBP", save_all=True, append_images=images[1:], **options)


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


def _png_16_bit_rgba() -> bytes:
    row = random.Random(1).randbytes(SIDE_PX) * 8  # deflate finds repetitions within 32 KiB
    return pictures.png_of_rows([row] * SIDE_PX, SIDE_PX, bit_depth=16, color_type=6)


def _animation(pillow_format: str) -> bytes:
    first, *others = pictures.moving_frames(256, 1_000, 1_000)
    buffer = BytesIO()
    options = {"quality": 50, "method": 0} if pillow_format == "WEBP" else {}
    first.save(buffer, pillow_format, save_all=True, append_images=others, duration=50, **options)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
