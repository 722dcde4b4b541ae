"""Reads and writes the objects of one manifest (functions/shared/rejudgements.py)."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from functions.shared.documents import Document, Parts, as_json
from functions.shared.object_store import S3ObjectStore
from functions.shared.rejudgements import (
    Direction,
    applied_prefix,
    changes_prefix,
    complete_days_prefix,
    counts_prefix,
    days_key,
    finished_prefix,
    found_key,
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


@dataclass(frozen=True)
class Found(Document):
    """What one call found: the counts, the images that change by direction, and the id after which the next one reads.

    ``after`` is None at the end of the day.
    """

    counts: Mapping[str, Any]
    changes: Mapping[str, Sequence[Mapping[str, Any]]]
    after: str | None = None

    parts: ClassVar[Parts] = {"counts": dict, "changes": dict}

    @classmethod
    def of(cls, tally: Tally, differences: Iterable[Difference], after: str | None) -> "Found":
        """Return what the records of a call gave."""
        changes: dict[str, list[dict[str, Any]]] = {direction.value: [] for direction in Direction}
        for each in differences:
            changes[each.direction].append(each.to_line())
        for direction in Direction:
            tally.parts[direction] = 1 if changes[direction] else 0
        return cls(tally.to_document(), changes, after)


class Manifest:
    """The manifest with this id in the reports bucket. Every call raises TransientDependencyError."""

    def __init__(self, manifest: str, *, store: S3ObjectStore, bucket: str) -> None:
        self._id = manifest
        self._store = store
        self._bucket = bucket

    # --- days ---

    def days(self, found: Iterable[str]) -> list[str]:
        """Return the days of the manifest: those of its first call."""
        return list(self._once(days_key(self._id), lambda: list(found)))

    def complete_days(self) -> set[str]:
        """Return the days that are complete."""
        prefix = complete_days_prefix(self._id)
        return {key.removeprefix(prefix) for key in self._store.keys(self._bucket, prefix)}

    def write_part(self, day: str, after: str, find: Callable[[], Found]) -> Found:
        """Write what ``find`` returns for the records of a day after an image id, or what an earlier call found.

        The images and the counts are written in either case: the earlier call may have ended before.
        """
        name = part_name(day, after)
        found = Found.from_state(self._once(found_key(self._id, name), lambda: as_json(find())))
        for direction, images in found.changes.items():
            if images:
                starts = range(0, len(images), IMAGES_PER_BATCH)
                lines = "".join(_line(images[each : each + IMAGES_PER_BATCH]) for each in starts)
                key = f"{changes_prefix(self._id, Direction(direction))}{name}.jsonl"
                self._store.put(self._bucket, key, lines.encode(), content_type=JSON_LINES)
        self._write(f"{counts_prefix(self._id)}{name}.json", found.counts)
        return found

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
        return Tally.from_document(self._once(summary_key(self._id), lambda: self._sum().to_document()))

    def _sum(self) -> Tally:
        return Tally.sum_of(map(Tally.from_document, self._documents(counts_prefix(self._id))))

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

    def finished_parts(self) -> int:
        """Return how many parts are applied."""
        return len(self._store.keys(self._bucket, finished_prefix(self._id)))

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

    def _once(self, key: str, make: Callable[[], Any]) -> Any:
        """Return a document; write it first if there is none."""
        document = self._document(key)
        return self._store.document_once(self._bucket, key, make()) if document is None else document

    def _write(self, key: str, document: Any) -> None:
        self._store.put_document(self._bucket, key, document)


def _line(images: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps({"images": images}, ensure_ascii=False, separators=(",", ":")) + "\n"
