"""Completion events become invalidations; while CloudFront is busy they wait in the queue."""

import json

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from functions.purge.settings import PurgeSettings
from functions.shared.aws import client
from functions.shared.errors import SettingsError
from tests.fakes.aws import new_client
from tests.fakes.handlers import Function
from tests.unit.rotate.test_rotation import distribution

ONE, TWO = "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW"


@pytest.fixture
def cloudfront():
    with mock_aws():
        yield new_client("cloudfront")


@pytest.fixture
def distribution_id(cloudfront):
    return cloudfront.create_distribution(DistributionConfig=distribution("value"))["Distribution"]["Id"]


@pytest.fixture
def purge(distribution_id, monkeypatch):
    monkeypatch.setenv("DISTRIBUTION_ID", distribution_id)
    return Function("purge", monkeypatch)


def messages(*image_ids):
    return {
        "Records": [
            {
                "messageId": f"message-{number}",
                "body": json.dumps({"detail-type": "Image Removed", "detail": {"image_id": image_id}}),
            }
            for number, image_id in enumerate(image_ids)
        ]
    }


def invalidated(cloudfront, distribution_id):
    items = cloudfront.list_invalidations(DistributionId=distribution_id)["InvalidationList"].get("Items", [])
    return [
        cloudfront.get_invalidation(DistributionId=distribution_id, Id=item["Id"])["Invalidation"]["InvalidationBatch"][
            "Paths"
        ]["Items"]
        for item in items
    ]


def refuse(code):
    """Let CloudFront answer every CreateInvalidation with an error, as it does when it is asked too much."""

    def answer(**_kwargs):
        raise ClientError({"Error": {"Code": code, "Message": code}}, "CreateInvalidation")

    client("cloudfront").meta.events.register("before-call.cloudfront.CreateInvalidation", answer)


def test_a_batch_is_one_invalidation_of_every_variant_of_its_images(purge, cloudfront, distribution_id):
    result = purge(messages(TWO, ONE, ONE))

    assert result == {"batchItemFailures": []}
    assert invalidated(cloudfront, distribution_id) == [[f"#{ONE}", f"#{TWO}"]]


def test_a_later_message_purges_the_same_image_again(purge, cloudfront, distribution_id):
    later = messages(ONE)
    later["Records"][0]["messageId"] = "delayed"

    purge(messages(ONE))
    purge(later)

    assert invalidated(cloudfront, distribution_id) == [[f"#{ONE}"]] * 2


@pytest.mark.parametrize("body", ["{}", '{"detail": {"image_id": "../*"}}', '{"detail": {}}'])
def test_a_message_that_names_no_image_is_dropped_and_purges_nothing(purge, cloudfront, distribution_id, body):
    result = purge({"Records": [{"messageId": "odd", "body": body}]})

    assert result == {"batchItemFailures": []}
    assert invalidated(cloudfront, distribution_id) == []


def test_while_cloudfront_is_busy_the_messages_come_again(purge):
    refuse("TooManyInvalidationsInProgress")

    result = purge(messages(ONE, TWO))

    assert result == {"batchItemFailures": [{"itemIdentifier": "message-0"}, {"itemIdentifier": "message-1"}]}


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_any_other_refusal_is_an_error(purge):
    refuse("AccessDenied")

    with pytest.raises(ClientError):
        purge(messages(ONE))


def test_settings_need_the_distribution():
    with pytest.raises(SettingsError, match="DISTRIBUTION_ID"):
        PurgeSettings.from_environment({})
