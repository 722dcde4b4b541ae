"""Receivers on this machine, over http and TLS, and an authority that clients can trust."""

import ssl

import pytest
import trustme

from tests.unit.webhook.receiver import receiving


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def trust(authority) -> ssl.SSLContext:
    """What a client trusts that trusts the authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def secure_receiver(authority):
    """A receiver with a certificate for localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with receiving(context) as receiver:
        yield receiver
