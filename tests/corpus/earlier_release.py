"""Generates the variants of the gallery with an earlier release of this project; gallery.py runs it in its checkout.

    .venv/bin/python earlier_release.py FOLDER

FOLDER has uploads and requests.json, a list of {"upload", "queries", "name"}. Each variant is written beside them, and
results.json lists [file name or "", caption] by request. It uses only what releases since 0.1.0 have in common.
"""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path.cwd()))


def first_module(*names: str) -> Any:
    """Return the first module that the release has."""
    for name in names[:-1]:
        try:
            return import_module(name)
        except ModuleNotFoundError:
            continue
    return import_module(names[-1])


class Shelf(dict[str, bytes]):
    """Replaces the object store."""

    def put(self, bucket: str, key: str, body: bytes, *, content_type: str) -> str:  # noqa: ARG002
        """Keep an object."""
        self[key] = body
        return ""


def rendered(body: bytes, query: dict[str, str]) -> tuple[bytes, str]:
    """Return a variant of an upload and its media type."""
    limits, variant = import_module("functions.imaging.limits"), import_module("functions.shared.variant")
    rendering = first_module("functions.variants.rendering", "functions.serve.rendering")
    sources = first_module("functions.variants.sources", "functions.serve.sources")
    derived = import_module("functions.imaging.ingest").ingest_here(body, "", limits.DEFAULT_LIMITS).picture
    shelf = Shelf()
    stored = import_module("functions.imaging.storing").store_picture(derived, store=shelf, bucket="", prefix="")
    asked = variant.parse_query(query.items(), accept="*/*", sizes=variant.Sizes.LADDER).variant
    made = rendering.render(shelf[sources.source_for(stored, asked).key], asked, stored)
    return made.body, made.content_type


def main(folder: Path) -> None:
    """Write all variants; an upload that the release refuses has the error's name as its caption."""
    results = []
    for request in json.loads((folder / "requests.json").read_text(encoding="utf-8")):
        found = []
        for number, query in enumerate(request["queries"]):
            try:
                body, media_type = rendered((folder / request["upload"]).read_bytes(), query)
            except Exception as error:  # noqa: BLE001 - whatever the release raises is what the gallery shows
                found.append(["", f"{type(error).__name__}: {error}"])
                continue
            name = f"{request['name']}-{number}.{media_type.removeprefix('image/')}"
            (folder / name).write_bytes(body)
            found.append([name, f"{media_type}, {len(body):,} bytes"])
        results.append(found)
    (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
