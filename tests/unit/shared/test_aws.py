"""Every error of AWS becomes this project's error that it stands for, or passes unchanged."""

import gc

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
)
from botocore.retries import standard

from functions.shared.aws import CONFIG, client, error_of, session, translated_errors
from functions.shared.error_codes import THROTTLING_CODES, TRANSIENT_CODES
from functions.shared.errors import (
    ObjectChangedError,
    ObjectMissingError,
    RecordConflictError,
    ThrottledError,
    TransientDependencyError,
)
from tests.fakes.aws import ENVIRONMENT

ADDRESS = {"endpoint_url": "https://aws.invalid"}
LIMITS_OF_AN_ACCOUNT = {"LimitExceededException", "EC2ThrottledException"}
"""botocore retries these too, but no service that is used here answers them for a passing reason."""


def client_error(code: str, status: int = 400, **extra) -> ClientError:
    answer = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}, **extra}
    return ClientError(answer, "Operation")


def cancelled(*reasons: str) -> ClientError:
    return client_error("TransactionCanceledException", CancellationReasons=[{"Code": reason} for reason in reasons])


@pytest.mark.parametrize("code", sorted(TRANSIENT_CODES))
def test_a_busy_service_is_transient(code):
    assert error_of(client_error(code)) is TransientDependencyError


@pytest.mark.parametrize("code", sorted(THROTTLING_CODES))
@pytest.mark.parametrize("status", [400, 503])
def test_a_service_that_is_asked_too_often_throttles(code, status):
    assert error_of(client_error(code, status)) is ThrottledError


def test_an_unknown_code_with_the_status_of_too_many_requests_is_throttling():
    assert error_of(client_error("SomethingNew", 429)) is ThrottledError


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_unknown_code_with_a_status_of_the_server_is_transient(status):
    assert error_of(client_error("SomethingNew", status)) is TransientDependencyError


def test_everything_that_botocore_retries_is_throttling_or_transient():
    throttled = set(standard.ThrottledRetryableChecker._THROTTLED_ERROR_CODES)

    assert throttled - LIMITS_OF_AN_ACCOUNT <= THROTTLING_CODES | TRANSIENT_CODES
    assert set(standard.TransientRetryableChecker._TRANSIENT_ERROR_CODES) <= TRANSIENT_CODES


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("NoSuchKey", 404, ObjectMissingError),
        ("NoSuchVersion", 404, ObjectMissingError),
        ("404", 404, ObjectMissingError),
        ("PreconditionFailed", 412, ObjectChangedError),
        ("412", 412, ObjectChangedError),
        ("ConditionalCheckFailedException", 400, RecordConflictError),
    ],
)
def test_codes_with_a_meaning_of_their_own(code, status, expected):
    assert error_of(client_error(code, status)) is expected


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AccessDenied", 403),
        ("AccessDeniedException", 400),
        ("NoSuchBucket", 404),
        ("ResourceNotFoundException", 400),
        ("ValidationException", 400),
        ("InvalidImageFormatException", 400),
        ("", 0),
    ],
)
def test_faults_of_ours_pass_unchanged(code, status):
    assert error_of(client_error(code, status)) is None


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (("ConditionalCheckFailed", "None", "None"), RecordConflictError),
        (("None", "ConditionalCheckFailed", "TransactionConflict"), RecordConflictError),
        (("TransactionConflict", "None"), TransientDependencyError),
        (("ThrottlingError",), ThrottledError),
        (("ProvisionedThroughputExceeded", "None"), ThrottledError),
        (("ThrottlingError", "TransactionConflict"), ThrottledError),
        (("ValidationError", "None"), None),
        (("ItemCollectionSizeLimitExceeded",), None),
        ((), None),
    ],
)
def test_a_cancelled_transaction_is_what_cancelled_it(reasons, expected):
    assert error_of(cancelled(*reasons)) is expected


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(**ADDRESS),
        ConnectTimeoutError(**ADDRESS),
        ReadTimeoutError(**ADDRESS),
        SSLError(error="e", **ADDRESS),
        ResponseStreamingError(error="e"),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
        client_error("ServiceUnavailable", 503),
        client_error("SlowDown", 503),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_translated_error_keeps_its_cause_and_its_text(error):
    with pytest.raises(TransientDependencyError) as raised, translated_errors():
        raise error

    assert raised.value.__cause__ is error
    assert str(raised.value) == str(error)


@pytest.mark.parametrize("error", [client_error("AccessDenied", 403), NoCredentialsError(), KeyError("k")])
def test_any_other_error_leaves_the_block_as_it_was(error):
    with pytest.raises(type(error)) as raised, translated_errors():
        raise error

    assert raised.value is error


def test_there_is_one_client_per_service_with_short_timeouts(monkeypatch):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    client.cache_clear()

    s3 = client("s3")

    assert client("s3") is s3
    assert s3.meta.config.connect_timeout == CONFIG.connect_timeout
    assert s3.meta.config.retries["mode"] == "standard"


def test_a_client_is_made_without_collecting_garbage_and_garbage_is_collected_again_afterwards(monkeypatch):
    for variable, value in ENVIRONMENT.items():
        monkeypatch.setenv(variable, value)
    client.cache_clear()
    threshold, began = gc.get_threshold(), []
    note = lambda phase, _info: phase == "start" and began.append(phase)  # noqa: E731 - an identity to remove
    gc.callbacks.append(note)
    gc.set_threshold(700, 10, 10)  # Python's own; conftest.py raises it
    try:
        client("s3")
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(note)

    assert len(began) <= 2  # right before the pause and right after it
    assert gc.isenabled()


def test_the_names_of_services_are_read_once_per_session():
    loader = session().get_component("data_loader")

    assert loader.list_available_services("service-2") is loader.list_available_services("endpoint-rule-set-1")
