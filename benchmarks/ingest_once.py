"""One ingest in a process of its own: prints ms and peak memory in MiB. `python -m benchmarks.ingest_once ORIGINAL`"""

import json
import sys
from pathlib import Path
from time import perf_counter

from benchmarks.memory import peak_mib
from functions.imaging.codecs import load_codec
from functions.imaging.ingest import ingest_here
from functions.imaging.limits import DEFAULT_LIMITS


def main() -> None:
    """Decode, derive, encode every file; imports are not in the time."""
    body = Path(sys.argv[1]).read_bytes()
    load_codec("JPEG")
    started = perf_counter()
    ingested = ingest_here(body, "image/jpeg", DEFAULT_LIMITS)
    elapsed = (perf_counter() - started) * 1000
    files = (ingested.picture.master, *ingested.picture.renditions, *ingested.proxies)
    print(
        json.dumps(
            {
                "ms": elapsed,
                "mib": peak_mib(),
                "bytes": sum(len(file.body) for file in files),
                "files": [{"width": each.width, "height": each.height, "name": each.name} for each in files],
            }
        )
    )


if __name__ == "__main__":
    main()
