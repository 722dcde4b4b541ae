"""One client per AWS service and process, and the translation of AWS's error codes into this project's errors.

Clients come from botocore's own session: boto3 on top of it costs 60 ms of cold start and adds nothing here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
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
from functions.shared.patience import ATTEMPTS, CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS

CONFIG: Final = Config(
    connect_timeout=CONNECT_TIMEOUT_SECONDS,
    read_timeout=READ_TIMEOUT_SECONDS,
    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
)

_THROTTLED_CANCELLATIONS: Final = frozenset({"ProvisionedThroughputExceeded", "ThrottlingError"})
_TRANSIENT_CANCELLATIONS: Final = _THROTTLED_CANCELLATIONS | {"None", "TransactionConflict"}
"""Why DynamoDB cancels a transaction that may succeed later; None stands for an item that was not the cause."""


@cache
def client(service: str) -> Any:
    """Return the process's client of ``service``; endpoint, region and credentials come from the environment."""
    return session().create_client(service, config=CONFIG)


@cache
def session() -> Any:
    """Return the process's session: its clients share what they read from disk, up to 100 ms each at a cold start."""
    made = botocore.session.get_session()
    made.register_component("data_loader", _FrugalLoader())
    return made


class _FrugalLoader(Loader):
    """Takes every folder for a service; botocore looks into all 400 before it loads one, a third of a client's time."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - botocore's signature
        """Return the names of all folders; a model that is not in one raises DataNotFoundError when it is loaded."""
        folders = [folder for folder in map(Path, self.search_paths) if folder.is_dir()]
        return sorted({path.name for folder in folders for path in folder.iterdir()})


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn what botocore raises inside the block into this project's errors; anything else passes unchanged.

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


def error_of(error: ClientError) -> type[ImageScalerError] | None:
    """Return the class of this project's errors that a ClientError stands for, or None."""
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
    return None  # a fault of the request, such as an item that is too large
