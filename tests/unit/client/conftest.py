"""A client of the real functions in a small AWS; nothing waits."""

import httpx
import pytest

from image_scaler.client import Client
from image_scaler.signing import Signer
from tests.fakes.handlers import Function
from tests.fakes.keys import to_pem
from tests.fakes.machines import Machine
from tests.fakes.service import Service

EDGE = "https://images.example.com"
CONTROL, VIEWERS = "KCONTROL", "KVIEWERS"
IMAGE_ID = "01JDXYZ0000000000000000000"


@pytest.fixture(scope="session")
def signer(ec_key):
    return Signer(CONTROL, to_pem(ec_key))


@pytest.fixture
def service(aws, monkeypatch, ec_key):
    Machine("retire")  # `manage` starts it
    functions = {name: Function(name, monkeypatch) for name in ("upload", "manage", "policies")}
    return Service(EDGE, functions, control={CONTROL: ec_key.public_key()})


@pytest.fixture
def pauses():
    """The seconds that the client waited, in order."""
    return []


@pytest.fixture
def connect(signer, pauses):
    """Return a client that sends through a transport."""
    clients = []

    def connected(transport, **options) -> Client:
        http = httpx.Client(transport=transport)
        clients.append(http)
        return Client(EDGE, control=signer, viewers=signer, http=http, sleep=pauses.append, **options)

    yield connected
    for client in clients:
        client.close()


@pytest.fixture
def client(service, connect):
    return connect(service.transport())


@pytest.fixture
def scripted(connect):
    """Return a client whose service answers with these responses, or raises these errors, in order."""

    def made(*answers, requests=None, **options) -> Client:
        left = list(answers)

        def handle(request):
            request.read()
            if requests is not None:
                requests.append(request)
            answer = left.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return connect(httpx.MockTransport(handle), **options)

    return made
