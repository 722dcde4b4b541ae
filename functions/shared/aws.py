"""One client per AWS service and process, and the translation of AWS's errors into this project's errors.

Clients are botocore's: boto3 would add 60 ms to a cold start and nothing that is needed here.
"""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.exceptions import (
    ConnectionError as BotocoreConnectionError,
)
from botocore.loaders import Loader

from functions.shared.error_codes import error_of_code
from functions.shared.errors import ImageScalerError, RecordConflictError, ThrottledError, TransientDependencyError
from functions.shared.timeouts import ATTEMPTS, CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS

CONFIG: Final = Config(
    connect_timeout=CONNECT_TIMEOUT_SECONDS,
    read_timeout=READ_TIMEOUT_SECONDS,
    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
)

KEYS_PER_READ: Final = 100
"""The most keys in one BatchGetItem call: DynamoDB's limit."""

_THROTTLED_CANCELLATIONS: Final = frozenset({"ProvisionedThroughputExceeded", "ThrottlingError"})
_TRANSIENT_CANCELLATIONS: Final = _THROTTLED_CANCELLATIONS | {"None", "TransactionConflict"}
"""Reasons of a cancelled transaction that may succeed later; "None" is for an item that was not the cause."""


@cache
def client(service: str) -> Any:
    """Return the process's client of ``service``; environment variables set endpoint, region and credentials."""
    with _paused_garbage_collection():
        return session().create_client(service, config=CONFIG)


@cache
def session() -> Any:
    """Return the process's session. Its clients share data files, which take up to 100 ms to read at a cold start."""
    made = botocore.session.get_session()
    made.register_component("data_loader", _FrugalLoader())
    return made


@contextmanager
def _paused_garbage_collection() -> Iterator[None]:
    """Do not look for garbage while objects are made that all stay; an S3 client has 36,000.

    Saves about a tenth of the CPU time of a cold start of `optimize` or `persist` (docs/adr/0016).
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _FrugalLoader(Loader):
    """Treats every folder as a service. botocore inspects all 400 first, a third of the time to create a client."""

    @cached_property
    def _folders(self) -> list[str]:
        """The names of all folders; each client asks for them several times, and reading them takes 5 ms."""
        folders = [folder for folder in map(Path, self.search_paths) if folder.is_dir()]
        return sorted({path.name for folder in folders for path in folder.iterdir()})

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - botocore's signature
        """Return the names of all folders; loading a model from a folder without one raises DataNotFoundError."""
        return self._folders


@contextmanager
def translated_errors() -> Iterator[None]:
    """Translate botocore's errors inside the block into this project's errors; others are not changed.

    Raises TransientDependencyError, ThrottledError, ObjectMissingError, ObjectChangedError or RecordConflictError.
    """
    try:
        yield
    except ClientError as error:
        translated = error_of(error)
        if translated is None:
            raise
        raise translated(str(error)) from error
    except (BotocoreConnectionError, HTTPClientError, IncompleteReadError) as error:
        raise TransientDependencyError(str(error)) from error


def batch_get(dynamodb: Any, table: str, keys: Sequence[dict[str, Any]], **options: Any) -> Iterator[dict[str, Any]]:
    """Yield the items that have these keys; keys that have no item are left out. Both are in DynamoDB's typed form.

    The items come in any order. ``options`` are those of the table in the request, such as ConsistentRead. Raises
    TransientDependencyError.
    """
    for start in range(0, len(keys), KEYS_PER_READ):
        request: Any = {table: {"Keys": keys[start : start + KEYS_PER_READ], **options}}
        while request:
            with translated_errors():
                response = dynamodb.batch_get_item(RequestItems=request)
            yield from response["Responses"].get(table, ())
            request = response.get("UnprocessedKeys")


def error_of(error: ClientError) -> type[ImageScalerError] | None:
    """Return this project's error class for a ClientError; None if there is none."""
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "TransactionCanceledException":
        return _error_of_cancellation({reason.get("Code") for reason in error.response.get("CancellationReasons", ())})
    return error_of_code(code, status)


def _error_of_cancellation(reasons: set[str | None]) -> type[ImageScalerError] | None:
    if "ConditionalCheckFailed" in reasons:
        return RecordConflictError
    if reasons and reasons <= _TRANSIENT_CANCELLATIONS:
        return ThrottledError if reasons & _THROTTLED_CANCELLATIONS else TransientDependencyError
    return None  # the request is invalid, for example an item is too large
