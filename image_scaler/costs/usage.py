"""What uploads and views use: AWS requests, state transitions, seconds of functions, bytes.

Requests are counted on the emulator (tests/emulator/test_costs.py). The CPU times of `optimize`, `blur` and `serve`,
and the share of stored bytes, are measured (`python -m benchmarks.costs`, benchmarks/costs.json). Everything marked
ASSUMED is an assumption; no figure is from AWS.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self

MB: Final = 1_000_000
GB: Final = 2**30
"""Bytes of what AWS bills as a GB. Sizes of pictures are in decimal MB and KB."""

CLEAN_STATES: Final = 7
"""States that a clean upload passes in `ingest`. A blur adds one."""
STARTS: Final = 1
"""AWS also charges the transition into the first state."""

STILL_FILES: Final = 3
"""Stored files of a still: the master and two renditions (docs/adr/0034)."""
ANIMATION_FILES: Final = 2
"""Stored files of an animation: the master and one rendition."""
ASSUMED_ANIMATION_VIEWS: Final = 30
"""Moderation views of an animation: its distinct frames, at most ``max_moderation_views``."""

PUBLISHED_SHARE: Final = 0.62
"""Bytes in `published` ÷ bytes of the originals, over all photos of the benchmark."""

API_CALLS_PER_UPLOAD: Final = 3
"""ASSUMED: one call creates the upload, two read its status."""
ITEM_BYTES: Final = 4_000
"""ASSUMED: an image's record, labels and history in the table, with the index."""
LOG_BYTES_PER_UPLOAD: Final = 25_000
"""ASSUMED: lines of six invocations, and the history that Step Functions logs without data."""
LOG_BYTES_PER_REQUEST: Final = 2_000
"""ASSUMED: one API request: its access log and the function's lines."""
INGEST_TRACES: Final = 1
"""ASSUMED: `admit`, the execution and its functions share a trace; each API request has its own."""
MAX_ALWAYS_TRACED: Final = 3_600 * 730
"""X-Ray records one request a second, and 5 % of all others."""
TRACED_SHARE: Final = 0.05

S3_EVENTS_PER_UPLOAD: Final = 1
"""S3 reports the original."""

REFINED_VIEW_SAVES: Final = 0.10
"""Share of a view's bytes that refinement saves: 8 % of a JPEG, 6 of a WebP, 18 of an AVIF (docs/performance.md)."""

KEPT_MONTHS: Final = 3
"""Variants expire after 90 days, so each month a third of those that are requested is generated again."""

ARM_SLOWNESS: Final = 1.5
"""ASSUMED: CPU time on Lambda's arm64 ÷ on the benchmark's core."""
VCPU_MB: Final = 1_769
"""Memory at which Lambda gives one vCPU; a function with less gets a share."""


@dataclass(frozen=True)
class Work:
    """One invocation of a function: its memory, its CPU time on the benchmark's core, and its time waiting for AWS."""

    memory_mb: int
    core_seconds: float
    waiting_seconds: float

    @property
    def seconds(self) -> float:
        """The billed duration on Lambda, without a cold start. All functions use one thread for CPU work."""
        return self.core_seconds * ARM_SLOWNESS / min(1.0, self.memory_mb / VCPU_MB) + self.waiting_seconds

    @property
    def gb_seconds(self) -> float:
        """What Lambda charges."""
        return self.seconds * self.memory_mb / 1_024


FUNCTIONS: Final[Mapping[str, Work]] = MappingProxyType(
    {
        "upload": Work(512, 0.010, 0.05),
        "manage": Work(512, 0.010, 0.03),
        "admit": Work(128, 0.002, 3.0),  # it waits until the image is published
        "optimize": Work(3_008, 0.70, 0.3),
        "moderate": Work(256, 0.005, 0.45),
        "blur": Work(2_400, 0.15, 0.3),
        "persist": Work(512, 0.020, 0.3),
        "prewarm": Work(3_008, 0.005, 0.03),  # it reads the record; a still has nothing to prewarm by default
        "serve": Work(1_769, 0.043, 0.10),
        "refine": Work(1_769, 0.14, 0.075),  # mean of the three formats at 800 px (docs/adr/0037)
    }
)
"""By name. The CPU times of `optimize` (mean of the photos), `blur` and `serve` (mean of five common variants) are
measured; all others, and all waiting, are ASSUMED."""
ANIMATION_CORE_SECONDS: Final = 0.35
"""CPU time of `optimize` for a simple animation of 30 frames of 640 x 480 px, measured."""
ANIMATION_PREWARM_CORE_SECONDS: Final = 2.0
"""ASSUMED: CPU time of `prewarm` for an animation, which it renders in three widths and two formats."""

ALARMS: Final = 27
FIREWALL_RULES: Final = 5
SECRETS: Final = 1
DASHBOARDS: Final = 1
POLLED_QUEUES: Final = 5
"""What a stage has at all times; tests/infrastructure/test_costs.py compares it with the templates."""
METRICS: Final = 62
"""All metrics of the functions, and two that are counted in logs; each is charged for the hours in which it has data.
AWS's own metrics are free, because those of single API routes are off."""
POLLS_A_MONTH: Final = 5 * 3 * 60 * 730
"""Receives of a queue's five pollers, each 20 s long."""
SWEEPS_A_MONTH: Final = 1_440
"""Runs of `sweep`."""


class Kind(StrEnum):
    """Kinds of uploads that differ in cost."""

    CLEAN = "clean"
    FLAGGED = "flagged"
    ANIMATED = "animated"


@dataclass(frozen=True)
class Use:
    """Billed amounts, of one event or of a month."""

    originals_gb: float = 0.0
    published_gb: float = 0.0
    generated_gb: float = 0.0
    table_gb: float = 0.0
    s3_writes: float = 0.0
    s3_reads: float = 0.0
    gb_seconds: float = 0.0
    invocations: float = 0.0
    transitions: float = 0.0
    queue_requests: float = 0.0
    events: float = 0.0
    table_write_units: float = 0.0
    table_read_units: float = 0.0
    detector_calls: float = 0.0
    api_requests: float = 0.0
    edge_requests: float = 0.0
    edge_functions: float = 0.0
    edge_gb: float = 0.0
    log_gb: float = 0.0
    traces: float = 0.0

    def __add__(self, other: "Use") -> Self:
        """Return both together."""
        return type(self)(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    def times(self, number: float) -> Self:
        """Return ``number`` times this."""
        return type(self)(**{each.name: getattr(self, each.name) * number for each in fields(self)})

    def of_functions(self, *names: str) -> Self:
        """Return this with one invocation of each function added."""
        gb_seconds = sum(FUNCTIONS[name].gb_seconds for name in names)
        return self + type(self)(gb_seconds=gb_seconds, invocations=len(names))


@dataclass(frozen=True)
class UploadRequests:
    """The AWS requests of one upload, from the client's PUT to publication. Deletions are free.

    ``files`` is the number of stored files, ``views`` that of moderated views; Rekognition reads each view from S3.
    """

    files: int
    views: int
    blurred: bool = False

    @property
    def s3_puts(self) -> int:
        """Objects written: the original, files and views in staging, blurred files in staging, published copies."""
        return 1 + self.files + self.views + (self.files if self.blurred else 0) + self.files

    s3_lists: int = 1
    """`persist` lists staging; for a later revision, also published and generated."""

    @property
    def s3_gets(self) -> int:
        """Objects that functions read: the original by `optimize`, the smallest sufficient file by `blur`."""
        return 1 + (1 if self.blurred else 0)

    @property
    def states(self) -> int:
        """States passed in `ingest`."""
        return CLEAN_STATES + (1 if self.blurred else 0)

    table_puts: int = 1
    """`upload` creates the Idempotency-Key."""
    table_updates: int = 2
    """`upload` completes the Idempotency-Key, `persist` notes that the event was sent."""
    transactions: int = 2
    """`upload` writes the record and its entry in the tenant's list; `persist` writes record, labels, history and three
    entries."""
    events: int = 1
    """`persist` sends one."""

    @property
    def detector_calls(self) -> int:
        """Calls of DetectModerationLabels: one per view."""
        return self.views

    table_write_units: float = 43.0
    """Units of these writes and of the claim by `ingest`: the record has 3 KB at the end, the index by day repeats its
    writes, the index of lists takes one for each new entry, one for the history item and two for each change of the
    status, and a transaction costs twice as much. An image with an owner takes 5 more."""
    table_read_units: float = 20.0
    """`admit` reads the record every half second, `prewarm` once, `moderate` once with three pointers to policies
    (seven of a tenant that names a policy of its own)."""
    queue_requests: int = 6
    """Two messages, for `admit` and `prewarm`, are sent, received and deleted."""


UPLOADS: Final[Mapping[Kind, UploadRequests]] = MappingProxyType(
    {
        Kind.CLEAN: UploadRequests(files=STILL_FILES, views=1),
        Kind.FLAGGED: UploadRequests(files=STILL_FILES, views=1, blurred=True),
        Kind.ANIMATED: UploadRequests(files=ANIMATION_FILES, views=ASSUMED_ANIMATION_VIEWS),
    }
)


def upload_use(kind: Kind) -> Use:
    """Return what one upload uses, without storage."""
    requests = UPLOADS[kind]
    api_calls = Use().of_functions("upload", *["manage"] * (API_CALLS_PER_UPLOAD - 1))
    ingest = Use().of_functions(
        "admit", "optimize", "moderate", *(["blur"] if requests.blurred else []), "persist", "prewarm"
    )
    if kind is Kind.ANIMATED:
        optimize = replace(FUNCTIONS["optimize"], core_seconds=ANIMATION_CORE_SECONDS)
        prewarm = replace(FUNCTIONS["prewarm"], core_seconds=ANIMATION_PREWARM_CORE_SECONDS)
        stills = FUNCTIONS["optimize"].gb_seconds + FUNCTIONS["prewarm"].gb_seconds
        ingest += Use(gb_seconds=optimize.gb_seconds + prewarm.gb_seconds - stills)
    rest = Use(
        s3_writes=requests.s3_puts + requests.s3_lists,
        s3_reads=requests.s3_gets + requests.views,
        transitions=requests.states + STARTS,
        queue_requests=requests.queue_requests,
        events=requests.events + S3_EVENTS_PER_UPLOAD,
        table_write_units=requests.table_write_units,
        table_read_units=requests.table_read_units,
        detector_calls=requests.detector_calls,
        api_requests=API_CALLS_PER_UPLOAD,
        edge_requests=API_CALLS_PER_UPLOAD,
        edge_functions=API_CALLS_PER_UPLOAD,
        log_gb=(LOG_BYTES_PER_UPLOAD + API_CALLS_PER_UPLOAD * LOG_BYTES_PER_REQUEST) / GB,
        traces=INGEST_TRACES + API_CALLS_PER_UPLOAD,
    )
    return api_calls + ingest + rest


@dataclass(frozen=True)
class VariantRequests:
    """The AWS requests that one variant takes: of its first view, or of its refinement."""

    s3_puts: int
    s3_gets: int
    table_reads: int
    edge_gets: int = 0
    events: int = 0
    queue_requests: int = 0

    @property
    def use(self) -> Use:
        """What the requests use, with the lines that a function logs."""
        return Use(
            s3_writes=self.s3_puts,
            s3_reads=self.edge_gets + self.s3_gets,
            table_read_units=self.table_reads,
            events=self.events,
            queue_requests=self.queue_requests,
            log_gb=LOG_BYTES_PER_REQUEST / GB,
        )


VARIANT: Final = VariantRequests(edge_gets=1, s3_gets=2, s3_puts=1, table_reads=3)
"""A view that generates a variant, in addition to the requests of every view. The edge sends a GET for which the bucket
has no object yet; `serve` looks for the variant once more, reads a stored file, and reads the record before and after
it writes the variant."""

REFINEMENT: Final = VariantRequests(s3_gets=3, s3_puts=1, table_reads=3, events=2, queue_requests=6)
"""The refinement of a stored variant. The function reads the first file, the stored file that it was made from, and the
refined file, whose mark ends the second run. S3 reports the first file and the refined one."""


def variant_use() -> Use:
    """Return what a variant's first request uses in addition to a view, without storage."""
    return (VARIANT.use + Use(api_requests=1, traces=1)).of_functions("serve")


def refinement_use() -> Use:
    """Return what the refinement of one variant uses; the second invocation ends after reading a file."""
    return (REFINEMENT.use + Use(invocations=1)).of_functions("refine")


VIEW_EDGE_FUNCTIONS: Final = 2
"""One on the request, one on the response."""


def view_use(kilobytes: float) -> Use:
    """Return what every view uses, whether or not it hits the edge's cache."""
    return Use(edge_requests=1, edge_functions=VIEW_EDGE_FUNCTIONS, edge_gb=kilobytes * 1_000 / GB)
