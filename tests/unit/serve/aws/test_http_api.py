"""Calls without an SDK: signed as botocore signs, tried again where that helps, over connections that are kept."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from functions.serve.aws.direct import DirectObjectStore, DirectRecordReader
from functions.serve.aws.http_api import CallRefusedError, HttpApi
from functions.serve.aws.signature import Credentials, signed
from functions.shared.aws import session
from functions.shared.errors import ObjectMissingError, RecordMissingError, TransientDependencyError
from functions.shared.timeouts import ATTEMPTS
from tests.fakes.aws import ENVIRONMENT

NOW = datetime(2026, 11, 24, 10, 0, 5, tzinfo=UTC)
OK = (200, {"ETag": '"e"', "Last-Modified": "Tue, 24 Nov 2026 10:00:05 GMT", "x-amz-meta-revision": "3"}, b"body")
BREAK = None
"""Instead of an answer: the connection is closed."""
S3_ERROR = "<Error><Code>{}</Code><Message>m</Message></Error>"
DYNAMODB_ERROR = '{{"__type":"com.amazonaws.dynamodb.v20120810#{}","message":"m"}}'


class Answers(ThreadingHTTPServer):
    """Answers in turn, and notes what came; ``hang_up`` closes a connection after its answer without saying so."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers, self.requests, self.peers, self.hang_up = [], [], [], False
        self.closed = threading.Event()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"

    def shutdown_request(self, request):
        super().shutdown_request(request)
        self.closed.set()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append((self.command, self.path, dict(self.headers.items()), body))
        self.server.peers.append(self.client_address)
        answer = self.server.answers.pop(0)
        if answer is BREAK:
            self.close_connection = True
            return
        status, headers, content = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) + headers.get("missing", 0)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.close_connection = self.server.hang_up or "missing" in headers

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = handle_any  # noqa: N815

    def log_message(self, *_arguments):
        """Say nothing."""


@pytest.fixture
def server(monkeypatch):
    server = Answers()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def api(server, pauses):
    made = []

    def make(service):
        made.append(HttpApi(service, pause=pauses.append))
        return made[-1]

    yield make
    for each in made:
        each.close()


TOKENS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30)


@given(
    method=st.sampled_from(["GET", "HEAD", "PUT", "DELETE"]),
    path=st.text("abc019-_.~/", max_size=30),
    body=st.binary(max_size=50),
    values=st.lists(TOKENS, max_size=3),
    secret=TOKENS,
    token=st.none() | TOKENS,
)
def test_a_signature_is_the_one_that_botocore_makes(*, method, path, body, values, secret, token):
    headers = {f"x-amz-meta-{number}": value for number, value in enumerate(values)}
    sent = {**headers, "host": "b.s3.eu-central-1.amazonaws.com"}
    credentials = Credentials("AKID", secret, token)

    ours = signed(
        sent,
        method=method,
        path=f"/{path}",
        body=body,
        service="s3",
        region="eu-central-1",
        credentials=credentials,
        now=NOW,
    )

    theirs = AWSRequest(method, f"https://{sent['host']}/{path}", headers=sent, data=body)
    theirs.context["timestamp"] = ours["x-amz-date"]
    signer = S3SigV4Auth(BotocoreCredentials("AKID", secret, token), "s3", "eu-central-1")
    signer._modify_request_before_signing(theirs)
    signature = signer.signature(signer.string_to_sign(theirs, signer.canonical_request(theirs)), theirs)
    assert ours["authorization"].endswith(f"Signature={signature}")
    signer._inject_signature_to_request(theirs, signature)
    assert ours["authorization"] == theirs.headers["Authorization"]


def test_an_object_s_key_is_sent_raw_but_encoded_and_its_metadata_comes_back(server, api):
    server.answers = [OK]

    stored = DirectObjectStore(api("s3")).get("bucket", "images/01J/fit=cover,é +~.jpg")

    (method, path, headers, body), *_ = server.requests
    assert (method, path, body) == ("GET", "/bucket/images/01J/fit%3Dcover%2C%C3%A9%20%2B~.jpg", b"")
    assert headers["x-amz-security-token"] == "token"
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=key/")
    assert (stored.body, stored.etag, stored.metadata) == (b"body", "e", {"revision": "3"})


def test_what_is_written_carries_its_headers_and_the_digest_of_its_bytes(server, api):
    server.answers = [(200, {"ETag": '"new"'}, b"")]

    etag = DirectObjectStore(api("s3")).put(
        "b", "k", b"bytes", content_type="image/webp", cache_control="no-store", metadata={"revision": "3"}
    )

    (method, path, headers, body), *_ = server.requests
    assert (etag, method, path, body) == ("new", "PUT", "/b/k", b"bytes")
    assert {name: headers[name] for name in ("content-type", "cache-control", "x-amz-meta-revision")} == {
        "content-type": "image/webp",
        "cache-control": "no-store",
        "x-amz-meta-revision": "3",
    }
    assert headers["x-amz-content-sha256"] == hashlib.sha256(b"bytes").hexdigest()


def test_metadata_is_read_without_the_bytes_and_a_delete_has_no_answer(server, api):
    server.answers = [OK, (204, {}, b"")]
    store = DirectObjectStore(api("s3"))

    assert store.metadata("b", "k") == {"revision": "3"}
    store.delete("b", "k")

    assert [method for method, *_ in server.requests] == ["HEAD", "DELETE"]


@pytest.mark.parametrize("consistent", [True, False])
def test_a_record_is_asked_for_by_its_key(server, api, consistent):
    item = {"image_id": {"S": "01J"}, "status": {"S": "PUBLISHED"}, "revision": {"N": "3"}}
    server.answers = [(200, {}, json.dumps({"Item": item}).encode())]

    record = DirectRecordReader("table", api("dynamodb")).get("01J", consistent=consistent)

    (_, path, headers, body), *_ = server.requests
    assert (path, headers["x-amz-target"]) == ("/", "DynamoDB_20120810.GetItem")
    assert json.loads(body) == {
        "TableName": "table",
        "Key": {"pk": {"S": "IMAGE#01J"}, "sk": {"S": "RECORD"}},
        "ConsistentRead": consistent,
    }
    assert (record.image_id, record.revision) == ("01J", 3)


def test_an_id_without_a_record_is_missing(server, api):
    server.answers = [(200, {}, b"{}")]

    with pytest.raises(RecordMissingError):
        DirectRecordReader("table", api("dynamodb")).get("01J")


PASSING = {
    "S3 asks to slow down": (503, {}, S3_ERROR.format("SlowDown").encode()),
    "S3's own fault, without a body": (500, {}, b""),
    "a clock of S3": (400, {}, S3_ERROR.format("RequestTimeout").encode()),
    "DynamoDB throttles": (400, {}, DYNAMODB_ERROR.format("ThrottlingException").encode()),
    "DynamoDB's capacity": (400, {}, DYNAMODB_ERROR.format("ProvisionedThroughputExceededException").encode()),
    "too many": (429, {}, b""),
    "no answer": BREAK,
    "half an answer": (200, {"ETag": '"e"', "missing": 5}, b"ha"),
}


def test_a_kept_connection_that_breaks_is_replaced_without_a_pause(server, api, pauses):
    """A connection may be closed between the look at it and the request; that is no fault of the service."""
    server.answers = [(200, {}, b"first"), BREAK, (200, {}, b"second")]
    s3 = api("s3")
    s3.call("GET", "/key", bucket="bucket")

    answer = s3.call("GET", "/key", bucket="bucket")

    assert answer.body == b"second"
    assert pauses == []
    assert len(set(server.peers)) == 2


@pytest.mark.parametrize("answer", PASSING.values(), ids=PASSING)
def test_a_passing_fault_is_tried_again_after_a_pause(server, api, pauses, answer):
    server.answers = [answer, answer, OK]

    assert DirectObjectStore(api("s3")).get("b", "k").body == b"body"

    assert len(server.requests) == ATTEMPTS
    assert 0 <= pauses[0] <= 1
    assert 0 <= pauses[1] <= 2


@pytest.mark.parametrize("answer", PASSING.values(), ids=PASSING)
def test_a_fault_that_does_not_pass_is_transient(server, api, pauses, answer):
    server.answers = [answer] * ATTEMPTS

    with pytest.raises(TransientDependencyError):
        DirectObjectStore(api("s3")).get("b", "k")

    assert (len(server.requests), len(pauses)) == (ATTEMPTS, ATTEMPTS - 1)


def test_how_often_is_settable_as_for_every_sdk(server, api, monkeypatch):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    server.answers = [BREAK]

    with pytest.raises(TransientDependencyError):
        DirectObjectStore(api("s3")).get("b", "k")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((404, {}, S3_ERROR.format("NoSuchKey").encode()), ObjectMissingError),
        ((403, {}, S3_ERROR.format("AccessDenied").encode()), ObjectMissingError),
        ((404, {}, S3_ERROR.format("NoSuchBucket").encode()), CallRefusedError),
        ((400, {}, b"?"), CallRefusedError),
    ],
    ids=["missing", "missing, as S3 says it without ListBucket", "a bucket that is not there", "no code"],
)
def test_other_faults_are_not_tried_again(server, api, pauses, answer, expected):
    server.answers = [answer]

    with pytest.raises(expected):
        DirectObjectStore(api("s3")).get("b", "k")

    assert pauses == []


@pytest.mark.parametrize("status", [404, 403])
def test_an_object_that_is_not_there_has_no_metadata_either(server, api, status):
    server.answers = [(status, {}, b"")]

    with pytest.raises(ObjectMissingError):
        DirectObjectStore(api("s3")).metadata("b", "k")


def test_a_missing_right_to_write_is_not_a_missing_object(server, api):
    server.answers = [(403, {}, S3_ERROR.format("AccessDenied").encode())]

    with pytest.raises(CallRefusedError, match="AccessDenied"):
        DirectObjectStore(api("s3")).put("b", "k", b"", content_type="image/png")


def test_a_connection_is_used_again(server, api):
    server.answers = [OK, (404, {}, S3_ERROR.format("NoSuchKey").encode()), OK]
    store = DirectObjectStore(api("s3"))

    store.get("b", "k")
    with pytest.raises(ObjectMissingError):
        store.get("b", "gone")
    store.get("b", "k")

    assert len(set(server.peers)) == 1


def test_a_connection_that_was_closed_meanwhile_is_replaced_without_a_failed_attempt(server, api, pauses):
    server.answers, server.hang_up = [OK, OK], True
    store = DirectObjectStore(api("s3"))

    store.get("b", "k")
    assert server.closed.wait(60)
    store.get("b", "k")

    assert len(set(server.peers)) == 2
    assert pauses == []


@pytest.mark.parametrize(
    ("region", "bucket", "address"),
    [
        ("eu-central-1", "b", "https://b.s3.eu-central-1.amazonaws.com"),
        ("cn-north-1", "b", "https://b.s3.cn-north-1.amazonaws.com.cn"),
        ("eu-central-1", None, "https://s3.eu-central-1.amazonaws.com"),
    ],
)
def test_without_an_endpoint_of_its_own_a_bucket_is_part_of_the_host(monkeypatch, region, bucket, address):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_REGION", region)

    assert HttpApi("s3").address("/k", bucket) == (address, "/k")


def test_a_service_s_own_endpoint_comes_before_the_common_one(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://common")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://own:1/")

    assert HttpApi("s3").address("/k", "b") == ("http://own:1", "/b/k")
    assert HttpApi("dynamodb").address("/", None) == ("http://common", "/")


def test_credentials_that_are_not_in_the_environment_are_found_by_botocore(server, api, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id=filed\naws_secret_access_key=s\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    session.cache_clear()
    server.answers = [OK]

    DirectObjectStore(api("s3")).get("b", "k")

    session.cache_clear()
    assert "Credential=filed/" in server.requests[0][2]["authorization"]


def test_serve_starts_and_answers_without_an_sdk(server, monkeypatch):
    code = (
        "import sys; from functions.serve.handler import lambda_handler; from tests.fakes.lambda_context import *;"
        "event = {'httpMethod': 'GET', 'pathParameters': {'id': '01JD0000000000000000000000'}};"
        "print(lambda_handler(event, LambdaContext())['statusCode'], 'botocore.session' in sys.modules)"
    )
    server.answers = [(200, {}, b"{}")]

    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**ENVIRONMENT, **os.environ},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == "404 False"
