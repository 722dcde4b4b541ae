"""The CPU time of `optimize` for one original: prints the median of three runs in ms, without the first one.

    PYTHONPATH=CHECKOUT python optimize_cpu_once.py ORIGINAL

It runs the code of the checkout that PYTHONPATH names, so that two releases can be compared.
"""

import json
import sys
from pathlib import Path
from statistics import median
from time import process_time

from functions.imaging.ingest import ingest_here
from functions.imaging.limits import DEFAULT_LIMITS

ROUNDS = 3


def main() -> None:
    """Decode the original and encode every file; the first run loads the codecs."""
    body = Path(sys.argv[1]).read_bytes()
    times = []
    for _ in range(1 + ROUNDS):
        started = process_time()
        ingest_here(body, "image/jpeg", DEFAULT_LIMITS)
        times.append((process_time() - started) * 1000)
    print(json.dumps(round(median(times[1:]), 1)))


if __name__ == "__main__":
    main()
