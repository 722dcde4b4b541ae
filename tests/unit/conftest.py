"""Clients whose calls moto answers."""

import pytest

from tests.fakes.aws import SmallAws, mock_aws, new_client


@pytest.fixture(scope="session")
def clients():
    return {name: new_client(name) for name in ("s3", "dynamodb", "events", "sqs")}


@pytest.fixture
def aws(clients):
    with mock_aws():
        yield SmallAws(**clients)


@pytest.fixture
def s3(aws):
    """The buckets, for what touches nothing else."""
    return aws.s3
