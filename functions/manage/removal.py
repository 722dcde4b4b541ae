"""Removal: the record says REMOVED at once, and an execution of the state machine `remove` deletes everything else.

From the first write on nothing new is served: a claim is refused, `persist` gives way, `serve` answers 410 and deletes
what it was making. What is left of the record is id, status, times and reason. No file is deleted here, and this
function may not do so.
"""

import hashlib
import json
from typing import Any, Final

from botocore.exceptions import ClientError

from functions.manage.library import Library
from functions.manage.settings import ManageSettings
from functions.shared.aws import client, translated_errors
from functions.shared.clock import now
from functions.shared.contracts import Status
from functions.shared.dynamo import to_item, to_value
from functions.shared.errors import RecordConflictError, TransientDependencyError
from functions.shared.keys import LABELS_SORT_KEY, RECORD_SORT_KEY, event_sort_key
from functions.shared.removal import IN_PROGRESS, KEPT, PERSONAL, REQUESTED

STARTS: Final = 5
"""Names that are tried: each one in use by an execution that has ended leads to the next."""
NAME_IN_USE: Final = "ExecutionAlreadyExists"
GONE: Final = "ExecutionDoesNotExist"


class LegalHoldError(Exception):
    """The image must be kept as it is; nothing was changed."""


class RemovalNotStartedError(Exception):
    """The record says REMOVED, but the execution that deletes the files could not be started."""


class Remover:
    """Removes images. The clients are botocore's, the process's own by default."""

    def __init__(
        self, settings: ManageSettings, *, library: Library, dynamodb: Any = None, stepfunctions: Any = None
    ) -> None:
        self._table = settings.table_name
        self._machine = settings.remove_state_machine_arn
        self._library = library
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb
        self._stepfunctions = client("stepfunctions") if stepfunctions is None else stepfunctions

    def remove(self, image_id: str) -> None:
        """Mark an image as removed and have its files deleted, unless an execution is doing so already.

        Raises RecordMissingError, LegalHoldError (nothing was changed), TransientDependencyError (the record may say
        REMOVED) or RemovalNotStartedError (it does). Repeat the call after the last two.
        """
        record = self._library.record(image_id)
        if record["status"] != Status.REMOVED:
            self._mark(record)
        self._start(image_id, record.get("removal", {}).get("execution_arn"))

    def _mark(self, record: dict[str, Any]) -> None:
        """Write REMOVED and drop what is not kept, in one transaction with the line of history."""
        at = now()
        written = {
            "status": Status.REMOVED,
            "updated_at": at,
            "removed_at": at,
            "removal": {"status": IN_PROGRESS, "started_at": at, "step": REQUESTED},
        }
        dropped = sorted((record.keys() | PERSONAL) - KEPT)
        values = {f":{name}": to_value(value) for name, value in written.items()}
        update = {
            "TableName": self._table,
            "Key": to_item({"pk": record["pk"], "sk": RECORD_SORT_KEY}),
            "UpdateExpression": f"SET {', '.join(f'#{name} = :{name}' for name in written)} "
            f"REMOVE {', '.join(f'#{name}' for name in dropped)}",
            "ConditionExpression": "attribute_exists(pk) "
            "AND (attribute_not_exists(#legal_hold) OR #legal_hold = :false)",
            "ExpressionAttributeNames": {f"#{name}": name for name in {*written, *dropped, "legal_hold"}},
            "ExpressionAttributeValues": values | {":false": to_value(False)},  # noqa: FBT003 - a value, not a flag
        }
        event = {"pk": record["pk"], "sk": event_sort_key(at, Status.REMOVED), "type": Status.REMOVED, "at": at}
        labels = to_item({"pk": record["pk"], "sk": LABELS_SORT_KEY})
        try:
            with translated_errors():
                self._dynamodb.transact_write_items(
                    TransactItems=[
                        {"Update": update},
                        {"Delete": {"TableName": self._table, "Key": labels}},
                        {"Put": {"TableName": self._table, "Item": to_item(event)}},
                    ]
                )
        except RecordConflictError as error:
            self._library.record(record["image_id"])  # raises RecordMissingError if TTL has deleted it
            raise LegalHoldError(record["image_id"]) from error

    def _start(self, image_id: str, predecessor: str | None) -> None:
        """Start an execution, unless ``predecessor``, or one that was started at this moment, still runs.

        An execution's name follows from its predecessor's, so that calls that come together start one.
        """
        try:
            for _ in range(STARTS):
                if predecessor is not None and self._is_running(predecessor):
                    return
                name = execution_name(image_id, predecessor)
                if self._starts(name, image_id):
                    return
                predecessor = f"{self._machine.replace(':stateMachine:', ':execution:')}:{name}"
        except (ClientError, TransientDependencyError) as error:
            raise RemovalNotStartedError(image_id) from error
        raise RemovalNotStartedError(image_id)

    def _is_running(self, execution_arn: str) -> bool:
        try:
            with translated_errors():
                return bool(self._stepfunctions.describe_execution(executionArn=execution_arn)["status"] == "RUNNING")
        except ClientError as error:
            if error.response["Error"]["Code"] == GONE:
                return False
            raise

    def _starts(self, name: str, image_id: str) -> bool:
        """Start an execution; False where the name is in use."""
        try:
            with translated_errors():
                self._stepfunctions.start_execution(
                    stateMachineArn=self._machine, name=name, input=json.dumps({"image_id": image_id})
                )
        except ClientError as error:
            if error.response["Error"]["Code"] == NAME_IN_USE:
                return False
            raise
        return True


def execution_name(image_id: str, predecessor: str | None) -> str:
    """Return the name of the removal that follows an execution; `settle` starts it under the same name."""
    if predecessor is None:
        return image_id
    return f"{image_id}-{hashlib.sha1(predecessor.encode(), usedforsecurity=False).hexdigest()}"
