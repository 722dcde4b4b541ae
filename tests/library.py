"""A library of stored images as `ingest` leaves them: records and labels, without files, and two policies for it."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ulid import ULID

from functions.policy.policy import Answer, Policy
from functions.shared.dynamo import to_item
from functions.shared.keys import DAYS_PARTITION, record_partition
from functions.shared.status import Decision

NAMES = {"Weapons": "Violence", "Drinking": "Alcohol Use", "Gambling": "", "Explicit Nudity": "Explicit"}
"""Labels of the library with their parents."""

FIRST_DAY = datetime(2026, 11, 20, tzinfo=UTC)


def policy(
    version: str, *, minimum: float = 50, **actions: list[tuple[str, float]] | tuple[str, float] | str
) -> Policy:
    """Return a policy with rules for each label: "allow", or actions with their confidence."""
    return Policy.from_document(
        {
            "version": version,
            "minimum_confidence": minimum,
            "default": {"confidence": 80, "action": "blur", "reason": "UNKNOWN_LABEL"},
            "rules": [rule for label, action in actions.items() for rule in _rules(label, action)],
        }
    )


def _rules(label: str, action: list[tuple[str, float]] | tuple[str, float] | str) -> list[dict[str, Any]]:
    if isinstance(action, str):
        return [{"label": label, "action": action}]
    actions = action if isinstance(action, list) else [action]
    return [{"label": label, "action": word, "confidence": level, "reason": label.upper()} for word, level in actions]


BEFORE = policy("before", Violence=("blur", 80), Alcohol="allow", Gambling="allow", Explicit=("block", 80))
AFTER = policy("after", Violence=("block", 70), Alcohol=("review", 60), Gambling="allow", Explicit=("blur", 80))
"""Changes decisions in both directions."""

STRICTER = policy(
    "stricter", Violence=[("blur", 80), ("block", 95)], Alcohol="allow", Gambling="allow", Explicit=("block", 80)
)
"""Only blocks images, and few of them, which needs no original."""


@dataclass(frozen=True)
class Stored:
    """One image. ``record`` and ``labels`` are plain items; ``labels`` is None if there is no such item."""

    record: dict[str, Any]
    labels: dict[str, Any] | None
    kind: str

    @property
    def image_id(self) -> str:
        return str(self.record["image_id"])

    @property
    def answer(self) -> Answer | None:
        return Answer.from_state(self.labels) if self.labels else None

    @property
    def decision(self) -> Decision:
        return Decision(self.record["verdict"]["decision"])


def stored_images(
    count: int, *, seed: int = 14, days: int = 3, judged_by: Policy = BEFORE, tenant: str = "default"
) -> list[Stored]:
    """Return images with labels by chance, judged by a policy; a fifth of them is of a kind that is not re-judged."""
    chance = random.Random(seed)
    return sorted((_stored(chance, days, judged_by, tenant) for _ in range(count)), key=lambda each: each.image_id)


def _stored(chance: random.Random, days: int, judged_by: Policy, tenant: str) -> Stored:
    created = FIRST_DAY + timedelta(seconds=chance.randrange(days * 86_400))
    image_id = str(ULID.from_bytes(int(created.timestamp() * 1000).to_bytes(6, "big") + chance.randbytes(10)))
    kinds = ["plain", "overridden", "unlabelled", "other tenant", "other policy", "processing"]
    kind = chance.choices(kinds, [80, 4, 4, 4, 4, 4])[0]
    found = chance.sample(sorted(NAMES), chance.choice([0, 1, 1, 2]))
    labels = {
        "labels": [
            {"name": name, "parent": NAMES[name], "confidence": round(chance.uniform(50, 100), 2), "taxonomy_level": 2}
            for name in found
        ],
        "minimum_confidence": 30,
    }
    partition = record_partition(image_id)
    evaluation = judged_by.evaluate(Answer.from_state(labels))
    record = {
        "pk": partition,
        "sk": "RECORD",
        "image_id": image_id,
        "tenant": "other" if kind == "other tenant" else tenant,
        "policy": "other" if kind == "other policy" else "default",
        "status": "PROCESSING" if kind == "processing" else evaluation.decision.status.value,
        "revision": 1,
        "last_revision": 1,
        "listing_day": created.date().isoformat(),
        "created_at": created.isoformat(),
        "claimed_etag": "0" * 32,
        "claimed_size": 1,
        "sequencer": "00",
        "verdict": {
            "decision": evaluation.decision.value,
            "deciding": list(evaluation.deciding),
            "policy_digest": judged_by.digest,
        },
    }
    if kind == "overridden":
        record["override"] = {
            "decision": evaluation.decision.value, "actor": "service", "at": record["created_at"], "source": "override",
        }  # fmt: skip
    item = {"pk": partition, "sk": "LABELS", **labels}
    return Stored(record, None if kind == "unlabelled" else item, kind)


def items_of(images: Iterable[Stored]) -> Iterator[dict[str, Any]]:
    """Yield all items of a library: records, labels and days."""
    days = set()
    for image in images:
        yield image.record
        if image.labels:
            yield image.labels
        days.add(image.record["listing_day"])
    yield from ({"pk": DAYS_PARTITION, "sk": day} for day in sorted(days))


def write(dynamodb: Any, table: str, images: Iterable[Stored]) -> None:
    """Write a library to a table."""
    puts = [{"PutRequest": {"Item": to_item(item)}} for item in items_of(images)]
    for start in range(0, len(puts), 25):
        answer = dynamodb.batch_write_item(RequestItems={table: puts[start : start + 25]})
        assert not answer.get("UnprocessedItems")


def delete(dynamodb: Any, table: str, images: Iterable[Stored]) -> None:
    """Delete the records and the labels of a library."""
    keys = [to_item({"pk": image.record["pk"], "sk": sk}) for image in images for sk in ("RECORD", "LABELS")]
    for start in range(0, len(keys), 25):
        deletes = [{"DeleteRequest": {"Key": key}} for key in keys[start : start + 25]]
        dynamodb.batch_write_item(RequestItems={table: deletes})


def statuses(dynamodb: Any, table: str, images: list[Stored]) -> Iterator[tuple[str, str]]:
    """Yield the id and the current status of each image."""
    for start in range(0, len(images), 100):
        keys = [to_item({"pk": image.record["pk"], "sk": "RECORD"}) for image in images[start : start + 100]]
        answer = dynamodb.batch_get_item(RequestItems={table: {"Keys": keys, "ConsistentRead": True}})
        yield from ((item["image_id"]["S"], item["status"]["S"]) for item in answer["Responses"][table])


def expected_images(images: Iterable[Stored], candidate: Policy, against: Policy | None = None) -> Counter[str]:
    """Count what a survey must find, one image after the other."""
    found: Counter[str] = Counter()
    for image in images:
        if image.kind in {"other tenant", "other policy"}:
            continue
        found["surveyed"] += 1
        if image.kind != "plain":
            word = {"overridden": "overridden", "unlabelled": "undetermined", "processing": "not_judged"}[image.kind]
            found[word] += 1
            continue
        before, after = decisions(image, candidate, against)
        if before is after:
            found["unchanged"] += 1
            continue
        order = list(Decision)
        found["changed"] += 1
        found["tighten" if order.index(after) > order.index(before) else "relax"] += 1
    return found


def expected_transitions(images: Iterable[Stored], candidate: Policy, against: Policy | None = None) -> Counter[str]:
    """Count the changes by transition, one image after the other."""
    changes = (decisions(image, candidate, against) for image in images if image.kind == "plain")
    return Counter(f"{before}->{after}" for before, after in changes if before is not after)


def decisions(image: Stored, candidate: Policy, against: Policy | None = None) -> tuple[Decision, Decision]:
    """Return the decision on an image before and after a change of policies."""
    assert image.answer
    before = against.evaluate(image.answer).decision if against else image.decision
    return before, candidate.evaluate(image.answer).decision
