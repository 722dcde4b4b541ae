"""Runs the steps of a smoke test and reports each one.

A step compares a stage's behaviour with what is expected, and names the rows of docs/aws.md that it checks. Its uploads
are removed at the end, even after a failure.
"""

import http.client
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx
from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError as AwsError

from image_scaler.client import Client, ClientError, Image, Method
from image_scaler.operator.errors import OperatorError
from image_scaler.operator.smoke import pictures
from image_scaler.profiles import Profile
from image_scaler.signing import Policy, SigningError

if TYPE_CHECKING:
    from image_scaler.operator.stage import Operator

FAILURES: Final = (ClientError, OperatorError, SigningError, httpx.TransportError, BotoCoreError, AwsError)
"""What a step's calls raise if the stage does not do what they request."""
PICTURE_SECONDS: Final = 90.0
"""The longest time from upload to verdict."""


class Outcome(StrEnum):
    """How a step ended."""

    OK = "OK"
    DIFFERS = "DIFFERS"
    SKIPPED = "SKIPPED"


class DiffersError(Exception):
    """The stage does not do what is expected."""

    def __init__(self, expected: object, actual: object) -> None:
        self.expected, self.actual = str(expected), str(actual)
        super().__init__(f"expected {expected}; actual {actual}")


class SkippedError(Exception):
    """The step cannot run against this stage; the message says why."""


@dataclass(frozen=True)
class Step:
    """One step. ``findings`` are rows of docs/aws.md; ``read`` is the document that describes AWS's behaviour."""

    name: str
    findings: tuple[str, ...]
    read: str
    run: Callable[["SmokeTest"], str | None]


@dataclass(frozen=True)
class StepReport:
    """The result of one step. ``note`` is a measurement, or why the step was skipped."""

    step: str
    findings: tuple[str, ...]
    outcome: Outcome
    seconds: float
    note: str = ""
    expected: str = ""
    actual: str = ""
    read: str = ""


@dataclass
class SmokeTest:
    """The stage under test, and the state that steps share.

    ``operator`` is None without AWS credentials; ``flagged`` is a picture that Rekognition flags, or None.
    """

    client: Client
    profile: Profile
    http: httpx.Client
    operator: "Operator | None" = None
    flagged: Path | None = None
    uploaded: list[str] = field(default_factory=list)
    _published: str | None = None

    def run(self, steps: Sequence[Step]) -> Iterator[StepReport]:
        """Run the steps and yield each report as soon as its step ends. Removes all uploads at the end."""
        try:
            for step in steps:
                yield self._report(step)
        finally:
            for image_id in self.uploaded:
                self.client.delete(image_id)

    def _report(self, step: Step) -> StepReport:
        started = time.monotonic()
        outcome, note, expected, actual = Outcome.OK, "", "", ""
        try:
            note = step.run(self) or ""
        except SkippedError as skipped:
            outcome, note = Outcome.SKIPPED, str(skipped)
        except DiffersError as differs:
            outcome, expected, actual = Outcome.DIFFERS, differs.expected, differs.actual
        except FAILURES as error:
            outcome, expected, actual = Outcome.DIFFERS, "the call succeeds", f"{type(error).__name__}: {error}"
        seconds = round(time.monotonic() - started, 1)
        return StepReport(
            step.name, step.findings, outcome, seconds, note, expected, actual,
            read=step.read if outcome is Outcome.DIFFERS else "",
        )  # fmt: skip

    # --- helpers for steps

    @property
    def edge(self) -> str:
        """The edge's origin."""
        return self.profile.edge.removesuffix("/")

    def upload(self, source: bytes | Path, *, method: Method | None = None) -> Image:
        """Upload a picture; return its record once it has a final status."""
        name = "smoke.png" if isinstance(source, bytes) else None
        upload = self.client.upload(source, filename=name, method=method)
        self.uploaded.append(upload.id)
        return self.client.wait(upload.id, within_seconds=PICTURE_SECONDS)

    def published(self) -> str:
        """Return the id of a published picture; the first call uploads it."""
        if self._published is None:
            image = self.upload(pictures.png())
            expect("PUBLISHED", image.status)
            self._published = image.id
        return self._published

    def signed(self, url: str, policy: Policy) -> str:
        """Return a URL signed with a viewers' key. Raises SkippedError if pictures are public."""
        if self.profile.viewers is None:
            raise SkippedError("pictures of this stage are public (the profile has no viewers' key)")
        return self.profile.viewers.signer().sign_url(url, policy)

    def status_of(self, url: str, method: str = "GET", **headers: str) -> int:
        """Return the status of a response."""
        return self.http.request(method, url, headers=headers).status_code

    def status_of_target(self, target: str) -> int:
        """Send a request target exactly as it is written; return the response's status."""
        parts = urlsplit(self.edge)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        with closing(kind(str(parts.hostname), parts.port, timeout=60)) as connection:
            connection.request("GET", target)
            return connection.getresponse().status

    def with_credentials(self) -> "Operator":
        """Return the operator. Raises SkippedError without AWS credentials."""
        if self.operator is None:
            raise SkippedError(f"the profile {self.profile.name} has no [aws] part (docs/cli.md)")
        return self.operator

    def aws(self, service: str) -> Any:
        """Return a boto3 client. Raises SkippedError without AWS credentials."""
        return self.with_credentials().client(service)


def expect(expected: object, actual: object) -> None:
    """Raise DiffersError if the values differ."""
    if expected != actual:
        raise DiffersError(expected, actual)


def in_an_hour() -> datetime:
    """Return a time one hour from now, at which signatures expire."""
    return datetime.now(UTC) + timedelta(hours=1)
