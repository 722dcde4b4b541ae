"""Idempotency-Key: a POST that is repeated within 24 hours returns the id of the first one, per tenant.

Only the id is stored: a presigned request is signed again for each response, because an old one may have expired. The
keys are in the table of records, in a partition of their own, and expire by TTL.
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
from functions.shared.errors import IdempotencyKeyInUseError, IdempotencyKeyReusedError, TransientDependencyError

EXPIRES_AFTER_SECONDS: Final = 24 * 60 * 60
PARTITION: Final = "idempotency#upload"


class IdempotencyKeys:
    """The ids that POSTs created, by tenant and Idempotency-Key, in one table."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._config = IdempotencyConfig(
            event_key_jmespath="[tenant, key]",
            payload_validation_jmespath="digest",
            expires_after_seconds=EXPIRES_AFTER_SECONDS,
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
        """Return the id that ``create`` or the first request with this key returned, and whether this is a repeat.

        ``content`` is the whole request. Raises IdempotencyKeyReusedError if the first request had other content,
        IdempotencyKeyInUseError while it is in progress, or TransientDependencyError.
        """
        if key is None:
            return create(), False
        created: list[str] = []
        self._config.register_lambda_context(context)

        def keyed(*, call: dict[str, str]) -> str:  # noqa: ARG001 - the library reads the key from it
            created.append(create())
            return created[0]

        idempotent = idempotent_function(
            keyed,
            data_keyword_argument="call",
            persistence_store=self._layer,
            config=self._config,
            key_prefix="POST /v1/images",
        )
        call = {"tenant": tenant, "key": key, "digest": hashlib.sha256(content).hexdigest()}
        try:
            return str(idempotent(call=call)), not created
        except IdempotencyValidationError as error:
            raise IdempotencyKeyReusedError(key) from error
        except (IdempotencyAlreadyInProgressError, IdempotencyInconsistentStateError) as error:
            raise IdempotencyKeyInUseError(key) from error
        except IdempotencyPersistenceLayerError as error:
            raise TransientDependencyError(str(error)) from error
