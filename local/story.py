"""`make story`: what happens to a few pictures as verdicts and policies change, through the edge, step by step.

It needs a running local stage. All its pictures belong to one tenant, whose policy it replaces, and to one owner.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import httpx

from image_scaler.client import Client, Image, InvalidRequestError
from image_scaler.client.results import HistoryLine, Status
from local.access import Access
from local.console import Progress
from local.demo.samples import SAMPLES
from local.errors import LocalError
from local.outputs import Outputs

T = TypeVar("T")

OWNER: Final = "alice"
WITHIN_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.1
REVIEW_SECONDS: Final = 3
"""How long a review may take in the story's policy."""

STRICTER: Final = (
    {"label": "Violence", "action": "block", "confidence": 80, "reason": "VIOLENCE", "severity": 4},
    {"label": "Explicit Nudity", "action": "review", "confidence": 60, "reason": "NUDITY", "severity": 3},
)
"""The rules of the tightened policy in place of the shipped policy's rules for these labels."""


@dataclass
class Story:
    """What happened: the statuses that each picture had, by its file, and the lines that were printed."""

    statuses: dict[str, list[str]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    """The types of the events that the receiver of webhooks verified, in the order of their arrival."""
    changed: int = 0
    """How many images the diff said would change."""
    history: list[HistoryLine] = field(default_factory=list)
    """The history of the picture whose verdict was overridden, oldest first."""


def run_story(outputs: Outputs, progress: Progress) -> Story:
    """Play the story. Raises LocalError if a step does not end."""
    with Access(outputs) as access:
        teller = _Teller(access.client, outputs, progress, tenant=f"story-{uuid.uuid4().hex[:8]}")
        teller.tell()
    return teller.story


class _Teller:
    """Plays the steps, and prints each with its result."""

    def __init__(self, client: Client, outputs: Outputs, progress: Progress, *, tenant: str) -> None:
        self._client = client
        self._outputs = outputs
        self._progress = progress
        self._tenant = tenant
        self._ids: dict[str, str] = {}
        self.story = Story()

    def tell(self) -> None:
        """Play all steps."""
        knife, flipbook, mountains = self._upload("knife.jpg", "flipbook.gif", "mountains.jpg")
        self._say(f"uploaded three pictures of {OWNER}: a weapon is {knife}, in an animation {flipbook}, "
                  f"mountains are {mountains}")  # fmt: skip
        self._override("knife.jpg", "allow", reason="KITCHEN_KNIFE")
        digest = self._tighten()
        self._compare(digest)
        self._rejudge(digest)
        self._review("bather.webp")
        self._read_events()
        self._print_history("knife.jpg")
        self._remove_owner()

    def _upload(self, *files: str) -> list[str]:
        for file in files:
            sample = SAMPLES / "images" / file
            self._ids[file] = self._client.upload(sample, tenant=self._tenant, owner=OWNER).id
        return [self._note_status(file, self._client.wait(self._ids[file], within_seconds=WITHIN_SECONDS))
                for file in files]  # fmt: skip

    def _override(self, file: str, decision: str, *, reason: str) -> None:
        self._client.decide(self._ids[file], decision, reason=reason, tenant=self._tenant)
        status = self._wait_for(file, Status.PUBLISHED)
        self._say(f"overridden: {file} is {status}, because of {reason}")

    def _tighten(self) -> str:
        """Store and check a stricter policy; return its digest. Its first form still has an example that fails."""
        policies = self._client.policies
        document = stricter(dict(policies.get(tenant=self._tenant).policy))
        stale = policies.put(document, tenant=self._tenant)
        try:
            policies.check(stale.digest, tenant=self._tenant)
        except InvalidRequestError as error:
            self._say(f"a stricter policy is refused: {error.problem.document['failures'][0]}")
        else:
            raise LocalError("A policy was accepted although its examples fail.")
        version = policies.put(with_fitting_examples(document), tenant=self._tenant)
        policies.check(version.digest, tenant=self._tenant)
        self._say(f"its examples corrected, it passes the check: {version.digest[:12]}")
        return version.digest

    def _compare(self, digest: str) -> None:
        started = self._client.rejudgements.diff(digest, tenant=self._tenant)
        found = self._client.rejudgements.wait(started.id, within_seconds=WITHIN_SECONDS)
        self.story.changed = found.changed
        self._say(f"diff: {found.changed} image would change: {', '.join(found.report['transitions'])}")

    def _rejudge(self, digest: str) -> None:
        self._client.policies.activate(digest, tenant=self._tenant)
        started = self._client.rejudgements.start(mode="apply", tenant=self._tenant, cap=10)
        ended = self._client.rejudgements.wait(started.id, within_seconds=WITHIN_SECONDS)
        status = self._wait_for("flipbook.gif", Status.BLOCKED)
        kept = self._note_status("knife.jpg", self._client.get(self._ids["knife.jpg"]))
        self._say(
            f"re-judged ({ended.status}): flipbook.gif is {status}; knife.jpg, which was overridden, stays {kept}"
        )

    def _review(self, file: str) -> None:
        (status,) = self._upload(file)
        self._say(f"uploaded {file}: {status}, for {REVIEW_SECONDS} s")
        status = self._wait_for(file, Status.BLURRED)
        self._say(f"nobody decided, so the fallback applies: {file} is {status}")

    def _read_events(self) -> None:
        """Read what the receiver of webhooks has verified, until it has the last event of each picture."""

        def events() -> list[dict[str, Any]]:
            response = httpx.get(f"{self._outputs.webhooks_url}/events", trust_env=False).raise_for_status()
            found = [each for each in response.json()["events"] if each["data"].get("tenant") == self._tenant]
            awaited = {(self._ids[file], statuses[-1]) for file, statuses in self.story.statuses.items()}
            seen = {(each["data"]["image_id"], each["data"]["status"]) for each in found}
            return found if awaited <= seen else []

        found = _eventually(events, "The webhook did not deliver all events")
        self.story.events = [each["type"] for each in found]
        self._say(f"webhooks: {len(found)} events received and verified: {', '.join(sorted(set(self.story.events)))}")

    def _print_history(self, file: str) -> None:
        self.story.history = sorted(self._client.history(self._ids[file]), key=lambda line: line.at)
        self._say(f"history of {file}:")
        for line in self.story.history:
            said = {name: line.document.get(name) for name in ("decision", "source", "actor", "reason", "revision")} | {
                "policy": str(line.document.get("policy_digest") or "")[:12]
            }
            words = ", ".join(f"{name} {value}" for name, value in said.items() if value)
            self._say(f"    {line.at:%H:%M:%S}  {line.type}  {words}")

    def _remove_owner(self) -> None:
        held = self._ids["mountains.jpg"]
        self._client.set_legal_hold(held, enabled=True, reason="CASE_7")
        kept: list[str] = []
        removed = list(self._client.delete_owner(OWNER, tenant=self._tenant, on_held=kept.append))
        self._say(f"owner removed: {len(removed)} images; {len(kept)} under a legal hold stays")
        self._client.set_legal_hold(held, enabled=False, reason="CASE_7_CLOSED")
        list(self._client.delete_owner(OWNER, tenant=self._tenant))
        statuses = [self._wait_for(file, Status.REMOVED) for file in self._ids]
        self._say(f"the hold is over: all {len(statuses)} images are {statuses[0]}")

    def _wait_for(self, file: str, status: Status) -> str:
        """Wait until a picture has a status. Raises LocalError."""
        image_id = self._ids[file]

        def look() -> Image | None:
            image = self._client.get(image_id)
            return image if image.status == status else None

        return self._note_status(file, _eventually(look, f"{file} is not {status}"))

    def _note_status(self, file: str, image: Image) -> str:
        self.story.statuses.setdefault(file, []).append(image.status)
        return image.status

    def _say(self, line: str) -> None:
        self.story.lines.append(line)
        self._progress.note(line)


def stricter(document: dict[str, Any]) -> dict[str, Any]:
    """Return a policy with the stricter rules in place of those for the same labels."""
    labels = {rule["label"] for rule in STRICTER}
    rules = [rule for rule in document["rules"] if rule["label"] not in labels]
    review = {"after_seconds": REVIEW_SECONDS, "fallback": "blur"}
    return {**document, "version": "stricter", "rules": [*rules, *STRICTER], "review": review}


def with_fitting_examples(document: dict[str, Any]) -> dict[str, Any]:
    """Return the stricter policy with its examples corrected: weapons are blocked, nudity is reviewed."""
    stricter_decision = {"VIOLENCE": "block", "NUDITY": "review"}
    examples = [
        {**example, "decision": stricter_decision.get(example.get("reason"), example["decision"])}
        for example in document["examples"]
    ]
    return {**document, "examples": examples}


def _eventually(look: Callable[[], T | None], message: str) -> T:
    deadline = time.monotonic() + WITHIN_SECONDS
    while not (found := look()):
        if time.monotonic() > deadline:
            raise LocalError(f"{message} within {WITHIN_SECONDS:.0f} s.")
        time.sleep(POLL_SECONDS)
    return found
