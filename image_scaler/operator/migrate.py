"""Migrates records of earlier releases to the index of lists (docs/adr/0043).

A scan returns all items of an image together, so it shows which entries a record lacks. Only those are written, in one
transaction with a check that the record has not changed. A run can be stopped at any time; the next one writes what is
left. The names of selectors are those of the functions (a test compares them).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from botocore.exceptions import ClientError

from image_scaler.operator.errors import OperatorError
from image_scaler.operator.stage import Operator, aws_errors

DEFAULT_TENANT: Final = "default"
MAX_LABEL_ENTRIES: Final = 40
ATTEMPTS: Final = 5
"""How often a record is migrated that changes at the same time."""

Item = dict[str, Any]


@dataclass(frozen=True)
class Migrated:
    """An image and the number of items that were written for it; 0 if it needed none.

    ``lacks_lock`` tells that it is under a legal hold that was set by hand, without a lock in S3.
    """

    image_id: str
    written: int
    lacks_lock: bool = False


class Migration:
    """Migrates the records of a stage. Its methods raise OperatorError."""

    def __init__(self, operator: Operator) -> None:
        self._table = operator.output("TableName")
        self._dynamodb = operator.client("dynamodb")

    def __iter__(self) -> Iterator[Migrated]:
        """Migrate each image that needs it and yield the result; images that need nothing are yielded too."""
        for partition, items in groupby(self._scanned(), key=lambda item: item["pk"]["S"]):
            found = {item["sk"]["S"]: item for item in items}
            if "RECORD" in found:
                record = found["RECORD"]
                lacks_lock = record.get("legal_hold") == {"BOOL": True} and "hold_number" not in record
                yield Migrated(partition.partition("#")[2], self._migrate(partition, found), lacks_lock)

    def _scanned(self) -> Iterator[Item]:
        """Yield the records, labels and entries of all images; those of an image come one after the other."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._table,
            FilterExpression="begins_with(pk, :image) AND NOT begins_with(sk, :event)",
            ExpressionAttributeValues={":image": {"S": "IMAGE#"}, ":event": {"S": "EVENT#"}},
        )
        with aws_errors("the table cannot be read"):
            for page in pages:
                yield from page["Items"]

    def _migrate(self, partition: str, found: dict[str, Item]) -> int:
        """Write what an image lacks; return the number of items."""
        for _ in range(ATTEMPTS):
            writes = list(self._writes(partition, found))
            if not writes:
                return 0
            try:
                with aws_errors(f"{partition} cannot be migrated"):
                    self._dynamodb.transact_write_items(TransactItems=writes)
            except OperatorError as error:
                cause = error.__cause__
                if not isinstance(cause, ClientError) or not _is_conflict(cause):
                    raise
                found = self._items(partition)  # the record has changed: look again
                if "RECORD" not in found:
                    return 0
                continue
            return len(writes)
        raise OperatorError(f"{partition} changes too often; run the migration again")

    def _items(self, partition: str) -> dict[str, Item]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": partition}},
            ConsistentRead=True,
        )
        with aws_errors(f"{partition} cannot be read"):
            return {item["sk"]["S"]: item for page in pages for item in page["Items"]}

    def _writes(self, partition: str, found: dict[str, Item]) -> Iterator[Item]:
        """Yield the writes of a transaction: the record's own selector, or a check of it, and missing entries."""
        record, image_id = found["RECORD"], partition.partition("#")[2]
        tenant = record.get("tenant", {"S": DEFAULT_TENANT})["S"]
        own = {"selector": {"S": f"STATUS#{record['status']['S']}"}, "position": {"S": f"{tenant}#{image_id}"}}
        missing = [
            {"pk": {"S": partition}, "sk": {"S": sort_key}, "selector": {"S": selector}, "position": own["position"]}
            for sort_key, selector in selectors(record, found.get("LABELS", {})).items()
            if found.get(sort_key, {}).get("selector", {}).get("S") != selector
        ]
        needs_own = any(record.get(name) != value for name, value in own.items())
        if not missing and not needs_own:
            return
        yield self._record_write(partition, record, own if needs_own else {})
        for item in missing:
            yield {"Put": {"TableName": self._table, "Item": item}}

    def _record_write(self, partition: str, record: Item, own: Item) -> Item:
        key = {"pk": {"S": partition}, "sk": {"S": "RECORD"}}
        names, values = {"#status": "status"}, {":status": record["status"]}
        conditions = ["#status = :status"]
        for name in ("tenant", "owner", "revision", "last_revision"):
            names[f"#{name}"] = name
            if name in record:
                conditions.append(f"#{name} = :{name}")
                values[f":{name}"] = record[name]
            else:
                conditions.append(f"attribute_not_exists(#{name})")
        write = {
            "TableName": self._table,
            "Key": key,
            "ConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }
        if not own:
            return {"ConditionCheck": write}
        names |= {f"#{name}": name for name in own}
        values |= {f":{name}": value for name, value in own.items()}
        assignments = ", ".join(f"#{name} = :{name}" for name in own)
        return {"Update": write | {"UpdateExpression": f"SET {assignments}"}}


def selectors(record: Item, labels: Item) -> dict[str, str]:
    """Return the selectors of an image's entries by sort key, from its record and its labels in DynamoDB's form."""
    if record["status"]["S"] == "REMOVED":
        return {}
    tenant = record.get("tenant", {"S": DEFAULT_TENANT})["S"]
    found = {"ENTRY#TENANT": f"TENANT#{tenant}"}
    if owner := record.get("owner", {}).get("S"):
        found["ENTRY#OWNER"] = f"OWNER#{tenant}#{owner}"
    if decision := record.get("verdict", {"M": {}})["M"].get("decision", {}).get("S"):
        found["ENTRY#VERDICT"] = f"VERDICT#{tenant}#{decision}"
    if digest := record.get("facts", {"M": {}})["M"].get("sha256", {}).get("S"):
        found["ENTRY#SHA256"] = f"SHA256#{tenant}#{digest}"
    confidences: dict[str, float] = {}
    for label in (each["M"] for each in labels.get("labels", {"L": []})["L"]):
        name, confidence = label["name"]["S"], float(label["confidence"]["N"])
        confidences[name] = max(confidence, confidences.get(name, 0.0))
    highest = sorted(confidences, key=lambda name: (-confidences[name], name))[:MAX_LABEL_ENTRIES]
    return found | {f"ENTRY#LABEL#{name}": f"LABEL#{tenant}#{name}" for name in sorted(highest)}


def _is_conflict(error: ClientError) -> bool:
    reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", ())}
    return bool(reasons & {"ConditionalCheckFailed", "TransactionConflict"})
