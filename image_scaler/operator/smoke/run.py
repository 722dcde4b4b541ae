"""Runs the steps of a smoke test and reports each one.

A step compares what a stage does with what is expected of it, and names the row of docs/aws.md that it settles. What a
step uploads is removed at the end, whatever happened.
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
"""What a call of a step raises where the stage does not do what was asked."""
PICTURE_SECONDS: Final = 90.0
"""How long an upload may take to a verdict."""


class Outcome(StrEnum):
    """How a step ended."""

    OK = "OK"
    DIFFERS = "DIFFERS"
    SKIPPED = "SKIPPED"


class DiffersError(Exception):
    """The stage does something else than expected."""

    def __init__(self, expected: object, actual: object) -> None:
        self.expected, self.actual = str(expected), str(actual)
        super().__init__(f"expected {expected}; actual {actual}")


class SkippedError(Exception):
    """The step cannot run against this stage; the message says why."""


@dataclass(frozen=True)
class Step:
    """One step: ``findings`` are rows of docs/aws.md, ``read`` is the document that says what AWS does."""

    name: str
    findings: tuple[str, ...]
    read: str
    run: Callable[["SmokeTest"], str | None]


@dataclass(frozen=True)
class StepReport:
    """How one step ended. ``note`` is what was measured, or why the step was skipped."""

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
    """A stage under test, and what steps share.

    ``operator`` has AWS credentials, or is None; ``flagged`` is a picture that Rekognition flags, or None.
    """

    client: Client
    profile: Profile
    http: httpx.Client
    operator: "Operator | None" = None
    flagged: Path | None = None
    uploaded: list[str] = field(default_factory=list)
    _published: str | None = None

    def run(self, steps: Sequence[Step]) -> Iterator[StepReport]:
        """Run steps, and yield a report as soon as each one has ended. Removes what they uploaded."""
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

    # --- what steps use

    @property
    def edge(self) -> str:
        """The edge's origin."""
        return self.profile.edge.removesuffix("/")

    def upload(self, source: bytes | Path, *, method: Method | None = None) -> Image:
        """Upload a picture and return its record once the pipeline is done with it."""
        name = "smoke.png" if isinstance(source, bytes) else None
        upload = self.client.upload(source, filename=name, method=method)
        self.uploaded.append(upload.id)
        return self.client.wait(upload.id, within_seconds=PICTURE_SECONDS)

    def published(self) -> str:
        """Return the id of a picture that is served; the first call uploads it."""
        if self._published is None:
            image = self.upload(pictures.png())
            expect("PUBLISHED", image.status)
            self._published = image.id
        return self._published

    def signed(self, url: str, policy: Policy) -> str:
        """Return a URL with a signature by a viewers' key. Raises SkippedError where pictures are public."""
        if self.profile.viewers is None:
            raise SkippedError("pictures of this stage are public (the profile has no viewers' key)")
        return self.profile.viewers.signer().sign_url(url, policy)

    def status_of(self, url: str, method: str = "GET", **headers: str) -> int:
        """Return the status of an answer."""
        return self.http.request(method, url, headers=headers).status_code

    def status_of_target(self, target: str) -> tuple[int, bytes]:
        """Return status and body for a request target that is sent exactly as it is written."""
        parts = urlsplit(self.edge)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        with closing(kind(str(parts.hostname), parts.port, timeout=60)) as connection:
            connection.request("GET", target)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def with_credentials(self) -> "Operator":
        """Return the operator. Raises SkippedError without AWS credentials."""
        if self.operator is None:
            raise SkippedError(f"the profile {self.profile.name} has no [aws] part (docs/cli.md)")
        return self.operator

    def aws(self, service: str) -> Any:
        """Return a boto3 client. Raises SkippedError without AWS credentials."""
        return self.with_credentials().client(service)


def expect(expected: object, actual: object) -> None:
    """Raise DiffersError where two values differ."""
    if expected != actual:
        raise DiffersError(expected, actual)


def in_an_hour() -> datetime:
    """Return the expiry of a signature."""
    return datetime.now(UTC) + timedelta(hours=1)
