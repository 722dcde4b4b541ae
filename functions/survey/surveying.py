"""Writes the manifest of a rejudgement, hands out its batches, and writes its report.

No detector is called: images are judged by the answers that are stored with them. A call may be repeated: it writes the
same objects again, from what the first one found. An execution that uses a manifest again continues where the earlier
one ended, and images that changed since are left as they are. No image is changed after another policy or floor became
active.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from functions.policy.policy import Policy
from functions.policy.store import PolicyStore
from functions.shared.object_store import S3ObjectStore
from functions.shared.rejudgements import Direction, Mode, Rejudgement, Result, report_key
from functions.shared.status import Source
from functions.survey.judging import Difference, Judge
from functions.survey.library import JudgedImage, Library
from functions.survey.manifest import Found, Manifest
from functions.survey.requests import Operation, SurveyRequest
from functions.survey.tally import Tally

RECORDS_PER_CALL: Final = 10_000
"""Records that one call reads: 20 queries, and up to 100 reads of answers. It takes about 10 s on AWS."""

APPLY: Final = "apply"
"""The action after which the state machine changes images; every other one ends with the report."""


@dataclass(frozen=True)
class Survey:
    """Surveys the images of ``library``; manifests and reports are in ``bucket``. Raises TransientDependencyError."""

    library: Library
    policies: PolicyStore
    store: S3ObjectStore
    bucket: str
    records_per_call: int = RECORDS_PER_CALL

    def run(self, request: SurveyRequest) -> dict[str, Any]:
        """Do what the state asks for, and return the state's result."""
        operations: dict[Operation, Callable[[SurveyRequest, Manifest], dict[str, Any]]] = {
            Operation.PLAN: self._plan,
            Operation.DAY: self._day,
            Operation.SUMMARIZE: self._summarize,
            Operation.BATCH: self._batch,
            Operation.REPORT: self._report,
        }
        manifest = Manifest(request.rejudgement.manifest, store=self.store, bucket=self.bucket)
        return operations[request.operation](request, manifest)

    def _plan(self, _: SurveyRequest, manifest: Manifest) -> dict[str, Any]:
        if manifest.summary() is not None:
            return {"days": []}
        complete = manifest.complete_days()
        return {"days": [day for day in manifest.days(self.library.days()) if day not in complete]}

    def _day(self, request: SurveyRequest, manifest: Manifest) -> dict[str, Any]:
        found = manifest.write_part(request.day, request.after, lambda: self._found(request))
        if found.after is None:
            manifest.complete_day(request.day)
        return {"done": found.after is None, "after": found.after or ""}

    def _found(self, request: SurveyRequest) -> Found:
        """Judge the next records of a day."""
        judge = self._judge(request.rejudgement)
        tally, differences = Tally(), list[Difference]()
        after: str | None = request.after
        read = 0
        while after is not None and read < self.records_per_call:
            page = self.library.page(request.day, after)
            read += page.records
            after = page.after
            images = [image for image in page.images if _is_selected(image, request.rejudgement)]
            answers = self.library.answers([image.image_id for image in images if image.decision is not None])
            for image in images:
                found = judge.judge(image, answers.get(image.image_id))
                tally.count(found)
                if isinstance(found, Difference):
                    differences.append(found)
        return Found.of(tally, differences, after)

    def _judge(self, rejudgement: Rejudgement) -> Judge:
        return Judge(
            candidate=self.policies.get(rejudgement.candidate),
            against=self.policies.get(rejudgement.against) if rejudgement.against else None,
            floor=self.policies.get(rejudgement.floor) if rejudgement.floor else None,
        )

    def _summarize(self, request: SurveyRequest, manifest: Manifest) -> dict[str, Any]:
        tally = manifest.freeze()
        applies = _result(request.rejudgement, tally) is Result.APPLIED
        return {
            "action": APPLY if applies else "report",
            **{f"{direction}_parts": tally.parts[direction] for direction in Direction},
        }

    def _batch(self, request: SurveyRequest, manifest: Manifest) -> dict[str, Any]:
        batches, progress = manifest.batches(request.part), manifest.progress(request.part)
        if request.outcomes and progress.batches < request.number:
            progress = progress.plus(request.number, request.outcomes)
            manifest.record_progress(request.part, progress)
        if progress.batches >= len(batches):
            manifest.finish(request.part)
            return {"done": True, "number": progress.batches, "changes": []}
        if not self._is_in_force(request.rejudgement):  # the report says so
            return {"done": True, "number": progress.batches, "changes": []}
        candidate = self.policies.get(request.rejudgement.candidate)
        changes = [_change(line, request.rejudgement, candidate) for line in batches[progress.batches]]
        return {"done": False, "number": progress.batches + 1, "changes": changes}

    def _is_in_force(self, rejudgement: Rejudgement) -> bool:
        """Tell whether an upload would be judged by the same policy and floor now."""
        policies = self.policies.in_force(rejudgement.tenant, rejudgement.policy)
        return policies == (rejudgement.candidate, rejudgement.floor)

    def _report(self, request: SurveyRequest, manifest: Manifest) -> dict[str, Any]:
        rejudgement = request.rejudgement
        tally = manifest.freeze()
        result = _result(rejudgement, tally)
        if result is Result.APPLIED and manifest.finished_parts() < tally.parts.total():
            result = Result.OUTDATED
        report = {"result": result, **tally.to_document(), "outcomes": dict(sorted(manifest.outcomes().items()))}
        self.store.put_document(self.bucket, report_key(rejudgement.id), report)
        return {"outcome": result.value}


def _is_selected(image: JudgedImage, rejudgement: Rejudgement) -> bool:
    return (image.tenant, image.policy) == (rejudgement.tenant, rejudgement.policy)


def _result(rejudgement: Rejudgement, tally: Tally) -> Result:
    if rejudgement.mode is not Mode.APPLY:
        return Result.REPORTED
    if tally.changed > rejudgement.cap and not rejudgement.confirmed:
        return Result.OVER_CAP
    return Result.APPLIED


def _change(line: dict[str, Any], rejudgement: Rejudgement, candidate: Policy) -> dict[str, Any]:
    """Return an image of the manifest as `decide` takes it."""
    return {
        "image_id": line["id"],
        "revision": line["revision"],
        "decision": line["to"],
        "source": Source.REJUDGE.value,
        "from_digest": line["digest"],
        "judgement": {
            "policies": {
                "name": rejudgement.policy,
                "policy": rejudgement.candidate,
                "floor": rejudgement.floor,
            },
            "policy_version": candidate.version,
            **{name: line.get(name) for name in ("deciding", "reason", "severity", "queue", "review")},
        },
    }
