"""Reads and writes the objects of one manifest (functions/shared/rejudgements.py)."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from functions.shared.contracts import Document, Parts, as_json
from functions.shared.object_store import S3ObjectStore
from functions.shared.rejudgements import (
    Direction,
    applied_prefix,
    changes_prefix,
    complete_days_prefix,
    counts_prefix,
    days_key,
    finished_prefix,
    manifest_prefix,
    part_name,
    summary_key,
)
from functions.survey.judging import Difference
from functions.survey.tally import Tally

IMAGES_PER_BATCH: Final = 25
"""Images in one line of a manifest, which one call of `decide` changes. Each takes up to 0.2 s."""

PARALLEL_READS: Final = 16
"""Objects that are read at the same time. A manifest of 10 million images has about 1,000 counts."""

JSON: Final = "application/json"
JSON_LINES: Final = "application/jsonl"


@dataclass(frozen=True)
class Progress(Document):
    """How many of a part's batches are applied, and the number of their images by outcome."""

    batches: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)

    parts: ClassVar[Parts] = {"batches": int, "outcomes": dict}

    def plus(self, batches: int, outcomes: Iterable[str]) -> "Progress":
        """Return the progress after ``batches`` batches, the last of which had these outcomes."""
        return Progress(batches, dict(Counter(self.outcomes) + Counter(outcomes)))


class Manifest:
    """The manifest with this id in the reports bucket. Every call raises TransientDependencyError."""

    def __init__(self, manifest: str, *, store: S3ObjectStore, bucket: str) -> None:
        self._id = manifest
        self._store = store
        self._bucket = bucket

    # --- days ---

    def days(self, found: Iterable[str]) -> list[str]:
        """Return the days of the manifest: those of its first call."""
        days = self._document(days_key(self._id))
        if days is None:
            days = list(found)
            self._write(days_key(self._id), days)
        return list(days)

    def complete_days(self) -> set[str]:
        """Return the days that are complete."""
        prefix = complete_days_prefix(self._id)
        return {key.removeprefix(prefix) for key in self._store.keys(self._bucket, prefix)}

    def write_part(self, day: str, after: str, tally: Tally, differences: Iterable[Difference]) -> None:
        """Write what was found in the records of a day after an image id; it replaces an earlier result."""
        name = part_name(day, after)
        by_direction: dict[Direction, list[dict[str, Any]]] = {direction: [] for direction in Direction}
        for each in differences:
            by_direction[each.direction].append(each.to_line())
        for direction, images in by_direction.items():
            key = f"{changes_prefix(self._id, direction)}{name}.jsonl"
            tally.parts[direction] = 1 if images else 0
            if images:
                starts = range(0, len(images), IMAGES_PER_BATCH)
                lines = "\n".join(_json({"images": images[each : each + IMAGES_PER_BATCH]}) for each in starts)
                self._store.put(self._bucket, key, f"{lines}\n".encode(), content_type=JSON_LINES)
            else:
                self._store.delete(self._bucket, key)
        self._write(f"{counts_prefix(self._id)}{name}.json", tally.to_document())

    def complete_day(self, day: str) -> None:
        """Record that all records of a day are in the manifest."""
        self._write(f"{complete_days_prefix(self._id)}{day}", {})

    # --- the whole ---

    def summary(self) -> Tally | None:
        """Return the sum of all counts; None before the manifest is frozen."""
        document = self._document(summary_key(self._id))
        return None if document is None else Tally.from_document(document)

    def freeze(self) -> Tally:
        """Write and return the sum of all counts, unless the manifest is frozen already."""
        frozen = self.summary()
        if frozen is None:
            frozen = Tally.sum_of(map(Tally.from_document, self._documents(counts_prefix(self._id))))
            self._write(summary_key(self._id), frozen.to_document())
        return frozen

    # --- applying ---

    def batches(self, part: str) -> list[list[dict[str, Any]]]:
        """Return the batches of a part, by its key. Raises ObjectMissingError."""
        body = self._store.get(self._bucket, part).body
        return [json.loads(line)["images"] for line in body.splitlines()]

    def progress(self, part: str) -> Progress:
        """Return how far a part is applied."""
        document = self._document(self._progress_key(part))
        return Progress() if document is None else Progress.from_state(document)

    def record_progress(self, part: str, progress: Progress) -> None:
        """Record how far a part is applied."""
        self._write(self._progress_key(part), as_json(progress))

    def finish(self, part: str) -> None:
        """Record that a part is applied."""
        self._write(f"{finished_prefix(self._id)}{self._name(part)}", {})

    def outcomes(self) -> Counter[str]:
        """Return the number of images so far, by outcome."""
        progress = map(Progress.from_state, self._documents(applied_prefix(self._id)))
        return sum((Counter(each.outcomes) for each in progress), Counter[str]())

    def _progress_key(self, part: str) -> str:
        return f"{applied_prefix(self._id)}{self._name(part)}.json"

    def _name(self, part: str) -> str:
        return part.removeprefix(manifest_prefix(self._id)).removesuffix(".jsonl")

    # --- objects ---

    def _documents(self, prefix: str) -> list[Any]:
        with ThreadPoolExecutor(PARALLEL_READS) as pool:
            return list(pool.map(self._document, self._store.keys(self._bucket, prefix)))

    def _document(self, key: str) -> Any:
        return self._store.document(self._bucket, key)

    def _write(self, key: str, document: Any) -> None:
        self._store.put(self._bucket, key, _json(document).encode(), content_type=JSON)


def _json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
