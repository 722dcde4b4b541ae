"""What must hold of buckets, table and bus once nothing is running: named rules, each a pure function.

An image may be audited at any time: while it has a running execution, rules that only hold at the end say nothing.
Bucket names are those of the pipeline: originals, staging, published, generated.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from functions.records.retention import DONE, KEPT, LINE_KEPT

SERVED: Final = frozenset({"PUBLISHED", "BLURRED"})
JUDGED: Final = SERVED | {"IN_REVIEW", "BLOCKED"}
GIVEN_UP: Final = frozenset({"REJECTED", "HELD", "FAILED"})
ENDED: Final = JUDGED | GIVEN_UP
"""Statuses in which an image stays until somebody asks for something; REMOVED aside."""
UNCLAIMED: Final = frozenset({"AWAITING_UPLOAD"})


@dataclass(frozen=True)
class StoredFile:
    """An object, or one version of an original. ``revision`` is the metadata of a generated variant."""

    bucket: str
    key: str
    etag: str = ""
    revision: str = ""
    is_delete_marker: bool = False

    @property
    def image_id(self) -> str:
        """The image whose file it is."""
        first, _, rest = self.key.partition("/")
        return rest.partition("/")[0] if self.bucket in {"originals", "generated"} else first


@dataclass(frozen=True)
class ImageState:
    """Everything that is known of one image. ``answers`` are HTTP statuses that viewers got for it at the end."""

    image_id: str
    items: Mapping[str, Mapping[str, Any]]
    files: tuple[StoredFile, ...] = ()
    events: tuple[str, ...] = ()
    answers: tuple[int, ...] = ()
    is_running: bool = False

    @property
    def record(self) -> Mapping[str, Any]:
        """The record; empty where there is none."""
        return self.items.get("RECORD", {})

    @property
    def status(self) -> str:
        """The record's status; empty where there is no record."""
        return str(self.record.get("status", ""))

    @property
    def lines(self) -> list[Mapping[str, Any]]:
        """The lines of its history."""
        return [item for key, item in self.items.items() if key.startswith("EVENT#")]

    def files_in(self, bucket: str) -> list[StoredFile]:
        """Return its files in one bucket."""
        return [file for file in self.files if file.bucket == bucket]

    def shown_keys(self) -> set[str]:
        """Return the keys of the picture that the record shows."""
        picture = self.record.get("picture")
        if not picture:
            return set()
        return {picture["master"]["key"], *(rendition["key"] for rendition in picture.get("renditions", ()))}


@dataclass(frozen=True)
class Finding:
    """A rule that does not hold for an image, and where it shows."""

    rule: str
    image_id: str
    what: str


Rule = Callable[[ImageState], Iterator[str]]
RULES: dict[str, Rule] = {}


def rule(function: Rule) -> Rule:
    """Add a rule under its function's name."""
    RULES[function.__name__] = function
    return function


def audit(images: Iterable[ImageState]) -> list[Finding]:
    """Return what does not hold, by image and rule."""
    return [
        Finding(name, image.image_id, what)
        for image in images
        for name, holds in RULES.items()
        for what in holds(image)
    ]


# --- what may be served


@rule
def published_files_belong_to_the_shown_revision(image: ImageState) -> Iterator[str]:
    """Every file under ``published`` is part of the picture that the record shows.

    Where a later run gave up, files of that picture may stay: only `serve` reads them, and it refuses.
    """
    allowed = image.shown_keys() if image.status in SERVED | GIVEN_UP else set()
    if not image.is_running:
        yield from (file.key for file in image.files_in("published") if file.key not in allowed)


@rule
def variants_belong_to_the_shown_revision(image: ImageState) -> Iterator[str]:
    """Every variant was made from the revision that the record shows, and that may be served."""
    revision = str(image.record.get("revision")) if image.status in SERVED else None
    if not image.is_running:
        yield from (file.key for file in image.files_in("generated") if file.revision != revision)


@rule
def shown_files_are_there(image: ImageState) -> Iterator[str]:
    """A published or blurred record shows a picture whose files are all in ``published``."""
    if image.status in SERVED:
        if not image.shown_keys():
            yield "the record shows no picture"
        yield from sorted(image.shown_keys() - {file.key for file in image.files_in("published")})


@rule
def only_blurred_images_show_blurred_files(image: ImageState) -> Iterator[str]:
    """A blurred image shows blurred files only, and a published one shows none."""
    if image.status in SERVED:
        wrong = [key for key in image.shown_keys() if ("/blurred/" in key) is not (image.status == "BLURRED")]
        yield from sorted(wrong)


@rule
def only_served_images_are_answered(image: ImageState) -> Iterator[str]:
    """No viewer gets a picture of an image that is not served."""
    if image.status not in SERVED and 200 in image.answers:
        yield f"{image.status}: a viewer got 200"


# --- removals


@rule
def a_removed_image_has_no_file(image: ImageState) -> Iterator[str]:
    """No version and no delete marker either."""
    if image.status == "REMOVED" and not image.is_running:
        yield from (f"{file.bucket}/{file.key}" for file in image.files)


@rule
def a_removed_image_keeps_nothing_about_the_picture(image: ImageState) -> Iterator[str]:
    """Record and history have the attributes that stay, and there are no labels."""
    if image.status == "REMOVED" and not image.is_running:
        yield from (f"record: {name}" for name in sorted(image.record.keys() - KEPT))
        yield from (f"history: {name}" for line in image.lines for name in sorted(line.keys() - LINE_KEPT))
        if "LABELS" in image.items:
            yield "labels"


# --- nothing stuck, nothing lost


@rule
def every_run_ends(image: ImageState) -> Iterator[str]:
    """PROCESSING and a removal in progress have an execution."""
    if image.is_running:
        return
    if image.status == "PROCESSING":
        yield f"PROCESSING, claimed by {image.record.get('claimed_by')}"
    if image.status == "REMOVED" and image.record.get("removal", {}).get("status") != DONE:
        yield f"the removal is not done: {image.record.get('removal')}"


@rule
def every_ending_is_announced(image: ImageState) -> Iterator[str]:
    """The completion event of the status came at least once, and the record does not say that it is to be sent."""
    if image.is_running:
        return
    announced = f"Image {image.status.replace('_', ' ').title()}"
    if image.status in ENDED | {"REMOVED"} and announced not in image.events:
        yield f"no event for {image.status}: {sorted(set(image.events))}"
    if "unannounced" in image.record:
        yield f"still to be sent: {image.record['unannounced']}"


@rule
def every_upload_is_claimed(image: ImageState) -> Iterator[str]:
    """An image whose original arrived is not left waiting for it."""
    if not image.is_running and image.status in UNCLAIMED and image.files_in("originals"):
        yield "an original that no run claimed"


# --- files


@rule
def staging_is_empty(image: ImageState) -> Iterator[str]:
    """Nothing is in ``staging`` for an image without a run."""
    if not image.is_running:
        yield from (file.key for file in image.files_in("staging"))


@rule
def the_claimed_version_is_the_only_original(image: ImageState) -> Iterator[str]:
    """Uploads that were not claimed are deleted, and the claimed one stays."""
    if image.is_running or image.status not in ENDED:
        return
    originals = image.files_in("originals")
    claimed = image.record.get("claimed_etag")
    if len(originals) != 1 or originals[0].is_delete_marker or (claimed and originals[0].etag != claimed):
        yield f"claimed {claimed}, stored {[file.etag or 'a delete marker' for file in originals]}"


@rule
def every_file_has_a_record(image: ImageState) -> Iterator[str]:
    """No file belongs to an image that the table does not know."""
    if not image.record:
        yield from (f"{file.bucket}/{file.key}" for file in image.files)


# --- records


@rule
def a_judged_image_has_its_verdict(image: ImageState) -> Iterator[str]:
    """Record and labels are of the same policy and model, and the history has a line of the shown status.

    An image that was blocked before any execution moderated it has only the latter.
    """
    if image.status not in JUDGED:
        return
    verdict, labels = image.record.get("verdict", {}), image.items.get("LABELS", {})
    is_moderated = verdict or "override" not in image.record
    for name in ("policy_version", "model_version") if is_moderated else ():
        if not verdict.get(name) or verdict.get(name) != labels.get(name):
            yield f"{name}: record {verdict.get(name)}, labels {labels.get(name)}"
    if not any(line.get("type") == image.status for line in image.lines):
        yield f"no line of history says {image.status}"
