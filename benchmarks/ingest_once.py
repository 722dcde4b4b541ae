"""Runs one ingest in its own process; prints its time in ms, peak memory in MiB, and each file's scaling source.

python -m benchmarks.ingest_once ORIGINAL
"""

import json
import sys
from pathlib import Path
from time import perf_counter

from PIL import Image

from benchmarks.memory import peak_mib
from functions.imaging.codecs import load_codec
from functions.imaging.ingest import ingest_here
from functions.imaging.limits import DEFAULT_LIMITS
from functions.imaging.picture import DecodedPicture
from functions.imaging.renditions import EncodedFile, ReduceChain


def main() -> None:
    """Decode the original and encode every file; the time excludes imports."""
    body = Path(sys.argv[1]).read_bytes()
    load_codec("JPEG")
    started = perf_counter()
    ingested = ingest_here(body, "image/jpeg", DEFAULT_LIMITS)
    elapsed = (perf_counter() - started) * 1000
    files = (ingested.picture.master, *ingested.picture.renditions, *(view.file for view in ingested.proxies))
    print(
        json.dumps(
            {
                "ms": elapsed,
                "mib": peak_mib(),
                "bytes": sum(len(file.body) for file in files),
                "files": _plan(files, ingested.width),
            }
        )
    )


def _plan(files: tuple[EncodedFile, ...], original_width: int) -> list[dict[str, object]]:
    """Return each file's size and the width of its scaling source, in px, so that another engine can repeat them."""
    master = files[0]
    chain = ReduceChain(DecodedPicture((Image.new("RGB", (master.width, 1)),)))
    sources = {each.width: chain.source_width(each.width) for each in files} | {master.width: original_width}
    return [
        {"name": each.name, "width": each.width, "height": each.height, "source": sources[each.width]} for each in files
    ]


if __name__ == "__main__":
    main()
