"""Removal: the record says REMOVED at once, and an execution of the state machine `remove` deletes everything else.

From the first write on the image is not served (functions/records/removal.py). This function may not delete files.
"""

import hashlib
import json
from typing import Final

from botocore.exceptions import ClientError

from functions.records.entries import Selection
from functions.records.removal import RemovalWriter
from functions.shared.errors import RemovalNotStartedError, TransientDependencyError
from functions.shared.executions import Executions, arn_of

STARTS: Final = 5
"""Execution names that are tried: a name that belongs to an ended execution leads to the next one."""


class Remover:
    """Removes images with the state machine ``state_machine_arn``."""

    def __init__(self, state_machine_arn: str, *, records: RemovalWriter, executions: Executions) -> None:
        self._machine = state_machine_arn
        self._records = records
        self._executions = executions

    def remove(self, image_id: str, *, reason: str | None = None, only: Selection | None = None) -> None:
        """Mark an image as removed and start deleting its files, unless an execution is doing so already.

        ``reason`` is for the history. With ``only``, an image of another list counts as missing.

        Raises RecordMissingError, LegalHoldError (nothing was changed), TransientDependencyError (the record may say
        REMOVED) or RemovalNotStartedError (it does). Repeat the call after the last two.
        """
        self._start(image_id, self._records.mark(image_id, reason=reason, only=only))

    def _start(self, image_id: str, predecessor: str | None) -> None:
        """Start an execution, unless ``predecessor``, or one that another call has just started, is running.

        An execution's name depends on its predecessor's, so simultaneous calls start one execution.
        """
        try:
            for _ in range(STARTS):
                if predecessor is not None and self._is_running(predecessor):
                    return
                name = execution_name(image_id, predecessor)
                if self._executions.start(self._machine, name, json.dumps({"image_id": image_id})):
                    return
                predecessor = arn_of(self._machine, name)
        except (ClientError, TransientDependencyError) as error:
            raise RemovalNotStartedError(image_id) from error
        raise RemovalNotStartedError(image_id)

    def _is_running(self, execution_arn: str) -> bool:
        execution = self._executions.describe(execution_arn)
        return execution is not None and execution["status"] == "RUNNING"


def execution_name(image_id: str, predecessor: str | None) -> str:
    """Return the name of the execution that follows ``predecessor``; `settle` uses the same name."""
    if predecessor is None:
        return image_id
    return f"{image_id}-{hashlib.sha1(predecessor.encode(), usedforsecurity=False).hexdigest()}"
