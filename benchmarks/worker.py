"""A process with one engine that reads requests, one line of JSON each, and returns the CPU time for one variant.

python -m benchmarks.worker ENGINE
"""

import gc
import json
import sys
from pathlib import Path
from time import process_time

from benchmarks.engines import ENGINES, FROM_STORED_FILES


def main() -> None:
    """Process requests until the input ends; the original is read before the clock starts."""
    name = sys.argv[1]
    variant = ENGINES[name]()
    reads_stored_files = name in FROM_STORED_FILES
    gc.disable()
    for line in sys.stdin:
        ask = json.loads(line)
        body = ask["stored"].encode() if reads_stored_files else Path(ask["original"]).read_bytes()
        started = process_time()
        encoded = variant(body, ask["width"], ask["format"], ask["quality"])
        elapsed = (process_time() - started) * 1000
        gc.collect()
        if ask.get("save"):
            Path(ask["save"]).write_bytes(encoded)
        print(json.dumps({"ms": elapsed, "bytes": len(encoded)}), flush=True)


if __name__ == "__main__":
    main()
