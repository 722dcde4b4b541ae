"""Rejudgements of a stage: stored images judged by another policy, reported or changed. See docs/rejudging.md."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from image_scaler.client.calls import Calls, checked_id, query_of
from image_scaler.client.policies import DEFAULT_NAME
from image_scaler.client.polling import poll
from image_scaler.client.results import Rejudgement

WAIT_SECONDS: Final = 14 * 24 * 60 * 60.0
"""The time limit of an execution."""


class Rejudgements:
    """The rejudgements of one stage. ``sleep`` waits for seconds between two reads of ``wait``."""

    def __init__(self, edge: str, calls: Calls, *, sleep: Callable[[float], None]) -> None:
        self._edge = edge
        self._calls = calls
        self._sleep = sleep

    def diff(
        self, candidate: str, against: str = "active", *, policy: str = DEFAULT_NAME, tenant: str | None = None
    ) -> Rejudgement:
        """Start to compare two versions of a policy over a tenant's stored images, without changing any.

        Each version is a digest, ``active`` or ``shadow``. Raises NotFoundError, InvalidRequestError (the versions do
        not consider the same labels) or another ClientError.
        """
        path = f"policies/{quote(policy, safe='')}/diff{query_of({'tenant': tenant})}"
        return self._start(path, {"candidate": candidate, "against": against})

    def start(
        self,
        *,
        mode: str = "dry_run",
        policy: str = DEFAULT_NAME,
        tenant: str | None = None,
        cap: int | None = None,
        confirm: bool = False,
    ) -> Rejudgement:
        """Start to judge a tenant's stored images by the active policy, from their stored labels.

        With the mode ``apply`` the images are changed, unless more than ``cap`` would change and ``confirm`` is not
        set. Raises ClientError.
        """
        asked = {"mode": mode, "policy": policy, "tenant": tenant, "cap": cap, "confirm": confirm}
        return self._start("rejudgements", asked)

    def apply(self, manifest: str, *, cap: int | None = None, confirm: bool = False) -> Rejudgement:
        """Start to change the images of a manifest: of a dry run, or the rest of an execution that did not end well.

        Images that changed since are left as they are. Raises NotFoundError, ConflictError (another policy is active
        now) or another ClientError.
        """
        return self._start("rejudgements", {"manifest": manifest, "cap": cap, "confirm": confirm})

    def get(self, rejudgement_id: str) -> Rejudgement:
        """Return how far a rejudgement is, and its report. Raises NotFoundError or another ClientError."""
        address = f"{self._edge}/v1/rejudgements/{checked_id(rejudgement_id, 'a rejudgement')}"
        return Rejudgement.from_document(self._calls.api("GET", address))

    def wait(
        self,
        rejudgement_id: str,
        *,
        within_seconds: float = WAIT_SECONDS,
        on_change: Callable[[Rejudgement], None] | None = None,
    ) -> Rejudgement:
        """Wait for the end of a rejudgement and return it, whatever the result.

        ``on_change`` is called with each progress. Raises WaitTimeoutError, NotFoundError or another ClientError.
        """
        return poll(
            rejudgement_id,
            self.get,
            is_done=lambda found: not found.is_running,
            changing=lambda found: (found.days, found.parts),
            within_seconds=within_seconds,
            on_change=on_change,
            sleep=self._sleep,
        )

    def _start(self, path: str, asked: Mapping[str, Any]) -> Rejudgement:
        return Rejudgement.from_document(self._calls.send_json("POST", f"{self._edge}/v1/{path}", asked))
