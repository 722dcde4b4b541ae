"""Going on with a held or failed image: a new execution of the same event, with ``"resume": true``.

AWS's redrive is not used: it ends after 14 days and keeps the definition of then.
"""

import json
import uuid
from dataclasses import dataclass

from local import aws
from local.errors import LocalError
from local.executions import wait_for_end
from local.outputs import Outputs

WITHIN_SECONDS = 120.0
RESUMABLE = ("HELD", "FAILED")
_WITH_VERDICT = ("PUBLISHED", "BLURRED", "BLOCKED", "IN_REVIEW", "REJECTED")


@dataclass(frozen=True)
class End:
    """How a resumed execution ended: the image's status afterwards, and the execution."""

    status: str
    execution_status: str
    execution_arn: str

    @property
    def has_verdict(self) -> bool:
        """Tell whether the image is through: published, blurred, blocked, in review or rejected."""
        return self.status in _WITH_VERDICT


def resume_image(outputs: Outputs, image_id: str) -> End:
    """Start the ingest of a held or failed image again and wait for its end.

    Raises LocalError for an image that does not exist, was never claimed, or is in another status.
    """
    dynamodb, stepfunctions = aws.client("dynamodb", outputs), aws.client("stepfunctions", outputs)
    key = {"pk": {"S": f"IMAGE#{image_id}"}, "sk": {"S": "RECORD"}}
    record = dynamodb.get_item(TableName=outputs.table, Key=key, ConsistentRead=True).get("Item")
    if record is None:
        raise LocalError(f"There is no image {image_id!r}. GET /v1/images lists those that are there.")
    status = record["status"]["S"]
    if status not in RESUMABLE or "claimed_by" not in record:
        raise LocalError(f"{image_id} is {status}; only an image that is {' or '.join(RESUMABLE)} can be resumed.")
    claimed = stepfunctions.describe_execution(executionArn=record["claimed_by"]["S"])
    started = stepfunctions.start_execution(
        stateMachineArn=outputs.state_machine_arn,
        name=f"resume-{image_id}-{uuid.uuid4().hex[:8]}",
        input=json.dumps({**json.loads(claimed["input"]), "resume": True}),
    )
    try:
        execution = wait_for_end(stepfunctions, started["executionArn"], within_seconds=WITHIN_SECONDS)
    except TimeoutError as error:
        raise LocalError(str(error)) from error
    record = dynamodb.get_item(TableName=outputs.table, Key=key, ConsistentRead=True)["Item"]
    return End(record["status"]["S"], execution["status"], started["executionArn"])
