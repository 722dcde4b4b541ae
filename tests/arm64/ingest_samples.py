"""Runs ``optimize``'s engine on samples: a folder for results, then files. Prints each result's digest as JSON.

It runs on the local Python and on the emulated one; both import the functions from their own zip.
"""

import hashlib
import json
import sys
from pathlib import Path

from functions.imaging.ingest import ingest_here
from functions.imaging.limits import Limits
from functions.imaging.refusal import RefusedPictureError


def main() -> None:
    """Ingest each sample and store the result."""
    folder, *samples = map(Path, sys.argv[1:])
    digests = {}
    for sample, content_type in zip(samples, json.loads(sys.stdin.read()), strict=True):
        try:
            ingested = ingest_here(sample.read_bytes(), content_type, Limits())
        except RefusedPictureError as refusal:
            digests[sample.name] = str(refusal)
            continue
        picture = ingested.picture
        for file in (picture.master, *picture.renditions, *(view.file for view in ingested.proxies)):
            name = f"{sample.name}/{file.name}".replace("/", "_")
            (folder / name).write_bytes(file.body)
            digests[name] = hashlib.sha256(file.body).hexdigest()
        digests[f"{sample.name} colour"] = picture.dominant_color + picture.placeholder
    print(json.dumps(digests))


if __name__ == "__main__":
    main()
