"""The contact sheet: one HTML page with every picture before and after, its states and its record."""

import json
import shutil
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from local.demo.results import Run

TEMPLATE: Final = "contact_sheet.html.jinja"
_SUFFIXES: Final = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif",
                    "image/avif": ".avif", "image/heic": ".heic"}  # fmt: skip


def write_contact_sheet(runs: list[Run], folder: Path) -> Path:
    """Write the page and its pictures into ``folder``, replacing older ones, and return the page's path."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "images").mkdir(parents=True)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    pictures = [_picture(number, run, folder) for number, run in enumerate(runs, start=1)]
    page = folder / "index.html"
    page.write_text(environment.get_template(TEMPLATE).render(pictures=pictures))
    return page


def _picture(number: int, run: Run, folder: Path) -> dict[str, Any]:
    """Store one run's files under generated names and return the values for the template."""
    before = f"images/{number:02}-before{_SUFFIXES[run.sample.content_type]}"
    shutil.copyfile(run.sample.path, folder / before)
    variants = []
    for place, variant in enumerate(run.variants):
        name = f"images/{number:02}-after-{place}{_SUFFIXES.get(variant.content_type, '.bin')}"
        (folder / name).write_bytes(variant.body)
        wanted = " ".join(f"{key}={value}" for key, value in variant.parameters.items())
        variants.append({"file": name, "wanted": wanted, "size": len(variant.body), "status": variant.status,
                         "content_type": variant.content_type})  # fmt: skip
    return {
        "sample": run.sample,
        "before": before,
        "before_size": run.sample.path.stat().st_size,
        "image_id": run.image_id,
        "status": run.status,
        "reason": run.record.get("reason"),
        "detail": run.record.get("detail"),
        "labels": run.labels,
        "states": run.states,
        "variants": variants,
        "record": json.dumps(run.record, indent=2, ensure_ascii=False),
        "as_expected": run.as_expected,
    }
