"""Clients whose calls moto answers, and private keys of both kinds that CloudFront takes."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.fakes.aws import SmallAws, mock_aws, new_client
from tests.fakes.keys import to_pem
from tests.fakes.machines import Machine
from tests.fakes.uploads_queue import UploadsQueue


@pytest.fixture(scope="session")
def clients():
    return {name: new_client(name) for name in ("s3", "dynamodb", "events", "sqs")}


MOTO = {"core": {"passthrough": {"services": ["rekognition"]}}}
"""moto has no moderation labels: tests/fakes/rekognition.py answers for it."""


@pytest.fixture
def aws(clients):
    with mock_aws(config=MOTO):
        yield SmallAws(**clients)


@pytest.fixture(scope="session")
def stepfunctions():
    return new_client("stepfunctions")


@pytest.fixture
def retirements(aws):
    """The state machine `retire`."""
    return Machine("retire")


@pytest.fixture
def uploads(aws, clients):
    """The queue of uploads."""
    return UploadsQueue(clients["sqs"])


@pytest.fixture
def s3(aws):
    """The buckets, for what touches nothing else."""
    return aws.s3


@pytest.fixture(scope="session")
def rsa_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def rsa_pem(rsa_key) -> bytes:
    return to_pem(rsa_key)


@pytest.fixture(scope="session")
def ec_key():
    return ec.generate_private_key(ec.SECP256R1())
