"""A small AWS in moto: the buckets, the table and the bus of a stage, and clients that talk to it."""

import json

from botocore.config import Config
from moto import mock_aws

from functions.shared.aws import session
from functions.shared.dynamo import from_item, to_item
from functions.shared.keys import LISTING_INDEX, SELECTOR_INDEX
from tests.fakes.published_events import checked

REGION = "eu-central-1"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "ORIGINALS_BUCKET": "image-scaler-originals",
    "STAGING_BUCKET": "image-scaler-staging",
    "PUBLISHED_BUCKET": "image-scaler-published",
    "GENERATED_BUCKET": "image-scaler-generated",
    "REPORTS_BUCKET": "image-scaler-reports",
    "TABLE_NAME": "image-scaler",
    "EVENT_BUS_NAME": "image-scaler",
    "INGEST_STATE_MACHINE_ARN": f"arn:aws:states:{REGION}:123456789012:stateMachine:ingest",
    "REMOVE_STATE_MACHINE_ARN": f"arn:aws:states:{REGION}:123456789012:stateMachine:remove",
    "REJUDGE_STATE_MACHINE_ARN": f"arn:aws:states:{REGION}:123456789012:stateMachine:rejudge",
    "RETIRE_STATE_MACHINE_ARN": f"arn:aws:states:{REGION}:123456789012:stateMachine:retire",
    "UPLOADS_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/123456789012/uploads",
    "POWERTOOLS_SERVICE_NAME": "test",
    "POWERTOOLS_METRICS_NAMESPACE": "ImageScaler",
}
"""The environment of a function, for monkeypatch.setenv."""

ORIGINALS, STAGING, PUBLISHED, GENERATED, REPORTS = (
    ENVIRONMENT[f"{name}_BUCKET"] for name in ("ORIGINALS", "STAGING", "PUBLISHED", "GENERATED", "REPORTS")
)
TABLE, EVENT_BUS = ENVIRONMENT["TABLE_NAME"], ENVIRONMENT["EVENT_BUS_NAME"]


def new_client(service: str):
    """Return a client like those of functions/shared/aws.py, without retries; moto responds to it."""
    return session().create_client(
        service,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, ignore_configured_endpoint_urls=True),
    )


def create_records_table(dynamodb, name: str) -> None:
    """Create the table of records with its indexes."""
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"}
            for name in ("pk", "sk", "listing_day", "image_id", "selector", "position")
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": LISTING_INDEX,
                "KeySchema": [
                    {"AttributeName": "listing_day", "KeyType": "HASH"},
                    {"AttributeName": "image_id", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            },
            {
                "IndexName": SELECTOR_INDEX,
                "KeySchema": [
                    {"AttributeName": "selector", "KeyType": "HASH"},
                    {"AttributeName": "position", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
        ],
    )


class SmallAws:
    """New resources of the stage; use it inside ``mock_aws``. Reads and writes plain Python values."""

    def __init__(self, s3, dynamodb, events, sqs) -> None:
        self.s3, self.dynamodb, self.events, self._sqs = s3, dynamodb, events, sqs
        for bucket in (ORIGINALS, STAGING, PUBLISHED, GENERATED, REPORTS):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        create_records_table(dynamodb, TABLE)
        events.create_event_bus(Name=EVENT_BUS)
        self._queue = sqs.create_queue(QueueName="everything")["QueueUrl"]
        events.put_rule(Name="everything", EventBusName=EVENT_BUS, EventPattern='{"source": ["image-scaler"]}')
        queue_arn = f"arn:aws:sqs:{REGION}:123456789012:everything"
        events.put_targets(Rule="everything", EventBusName=EVENT_BUS, Targets=[{"Id": "queue", "Arn": queue_arn}])

    def put_objects(self, bucket: str, keys) -> None:
        """Write objects whose body is their key."""
        for key in keys:
            self.s3.put_object(Bucket=bucket, Key=key, Body=key.encode(), ContentType="image/jpeg")

    def keys(self, bucket: str) -> list[str]:
        """Return all keys of a bucket."""
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]

    def put_item(self, document: dict) -> None:
        """Write an item."""
        self.dynamodb.put_item(TableName=TABLE, Item=to_item(document))

    def items(self, partition: str) -> dict[str, dict]:
        """Return a partition's items by sort key."""
        answer = self.dynamodb.query(
            TableName=TABLE,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": partition}},
            ConsistentRead=True,
        )
        return {item["sk"]: item for item in map(from_item, answer["Items"])}

    def announced(self) -> list[dict]:
        """Return the events on the bus since the last call. Raises AssertionError if one does not match its schema."""
        answer = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10)
        events = []
        for message in answer.get("Messages", []):
            self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
            events.append(json.loads(message["Body"]))
        return checked(events)


__all__ = [
    "ENVIRONMENT",
    "EVENT_BUS",
    "GENERATED",
    "ORIGINALS",
    "PUBLISHED",
    "REPORTS",
    "STAGING",
    "TABLE",
    "SmallAws",
    "create_records_table",
    "mock_aws",
    "new_client",
]
