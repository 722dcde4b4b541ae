"""Reads JSON that clients send: UTF-8 of a bounded depth, in which no object has a member twice."""

import json
from typing import Any, Final

from functions.shared.errors import InvalidJsonError
from functions.shared.problem import MAX_NAME_CHARACTERS

MAX_LEVELS: Final = 32
"""The most objects and lists inside one another; no document of the API needs more than six."""


def parsed_json(text: str | bytes) -> Any:
    """Return the value. Raises InvalidJsonError.

    Strings of the value contain no lone surrogates, so that it can be written as UTF-8 again.
    """
    try:
        value = json.loads(text.decode() if isinstance(text, bytes) else text, object_pairs_hook=_unique)
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:  # UnicodeDecodeError too
        raise InvalidJsonError(f"is not JSON: {error}") from error
    _expect_depth(value)
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise InvalidJsonError("contains a lone surrogate, which UTF-8 cannot represent") from error
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise InvalidJsonError("is repeated in an object", member=name[:MAX_NAME_CHARACTERS])
        members[name] = value
    return members


def _expect_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_LEVELS):
        level = [inner for each in level for inner in _inner(each) if isinstance(inner, (dict, list))]
        if not level:
            return
    raise _too_deep()


def _inner(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _too_deep() -> InvalidJsonError:
    return InvalidJsonError(f"must not be nested deeper than {MAX_LEVELS} levels")
