"""Idempotency-Key: a POST that comes again within 24 hours, per tenant, answers with the first one's id.

What is remembered is the id alone: a presigned form is signed anew for each answer, or it would be stale. The
memory lies in the table of records, in a partition of its own that TTL empties.
"""

import hashlib
from collections.abc import Callable
from typing import Any, Final

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
    IdempotencyPersistenceLayerError,
    IdempotencyValidationError,
)

from functions.shared.aws import client
from functions.shared.errors import TransientDependencyError
from functions.shared.problem import ProblemError

REMEMBERED_SECONDS: Final = 24 * 60 * 60
PARTITION: Final = "idempotency#upload"


class RepeatedCalls:
    """Remembers the ids of POSTs by tenant and Idempotency-Key in one table."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._config = IdempotencyConfig(
            event_key_jmespath="[tenant, key]",
            payload_validation_jmespath="digest",
            expires_after_seconds=REMEMBERED_SECONDS,
        )
        self._layer = DynamoDBPersistenceLayer(
            table_name=table,
            key_attr="pk",
            sort_key_attr="sk",
            static_pk_value=PARTITION,
            expiry_attr="expires_at",
            boto3_client=client("dynamodb") if dynamodb is None else dynamodb,
        )

    def once(
        self, create: Callable[[], str], *, tenant: str, key: str | None, content: bytes, context: Any
    ) -> tuple[str, bool]:
        """Return the id from ``create``, or from the first call with this key, and whether the call is a repeat.

        ``content`` is all that the client sent: with other content the same key is refused. Raises ProblemError
        (422 for other content, 409 while the first call is under way) or TransientDependencyError.
        """
        if key is None:
            return create(), False
        created: list[str] = []
        self._config.register_lambda_context(context)

        def keyed(*, call: dict[str, str]) -> str:  # noqa: ARG001 - the library reads what it keys on
            created.append(create())
            return created[0]

        remembered = idempotent_function(
            keyed,
            data_keyword_argument="call",
            persistence_store=self._layer,
            config=self._config,
            key_prefix="POST /v1/images",
        )
        call = {"tenant": tenant, "key": key, "digest": hashlib.sha256(content).hexdigest()}
        try:
            return str(remembered(call=call)), not created
        except IdempotencyValidationError as error:
            raise ProblemError(
                422,
                "Unprocessable Content",
                "This Idempotency-Key came before with another request; use a new one.",
                field="Idempotency-Key",
            ) from error
        except (IdempotencyAlreadyInProgressError, IdempotencyInconsistentStateError) as error:
            raise ProblemError(
                409,
                "Conflict",
                "The first request with this Idempotency-Key is still under way; try again.",
                field="Idempotency-Key",
                headers={"Retry-After": "1"},
            ) from error
        except IdempotencyPersistenceLayerError as error:
            raise TransientDependencyError(str(error)) from error
