"""JSON documents as frozen dataclasses.

Only ``from_state`` and ``to_state`` work with dicts; all other code uses the dataclasses.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, ClassVar, Self, TypeVar

from functions.shared.errors import ContractError
from functions.shared.keys import is_ulid

T = TypeVar("T")

Parts = Mapping[str, Callable[[Any], Any]]
"""How the fields of a document are built that are not plain JSON values."""


@dataclass(frozen=True)
class Document:
    """Base of what is read from or written to a document of a state or a record. ``parts`` build nested fields."""

    parts: ClassVar[Parts] = {}

    @classmethod
    def from_state(cls, document: dict[str, Any]) -> Self:
        """Build from a document; fields of a newer release are ignored. Raises ContractError."""
        if not isinstance(document, dict):
            raise ContractError(f"{cls.__name__}: {document!r} is not an object")
        try:
            known = {each.name: document[each.name] for each in fields(cls) if each.name in document}
            return cls(
                **{name: cls.parts[name](value) if name in cls.parts else value for name, value in known.items()}
            )
        except (AttributeError, TypeError, ValueError) as error:
            raise ContractError(f"{cls.__name__}: {error!r}") from error

    def to_state(self) -> dict[str, Any]:
        """Return the JSON form."""
        return as_json(self)


def each(part: Callable[[Any], T]) -> Callable[[list[Any]], tuple[T, ...]]:
    """Return what builds a list of parts."""
    return lambda items: tuple(map(part, items))


def optional(part: Callable[[Any], T]) -> Callable[[Any], T | None]:
    """Return what builds a part that may be null."""
    return lambda value: None if value is None else part(value)


def ulid_of(text: str) -> str:
    """Return the id of an image or a rejudgement. Raises ValueError if it is not a ULID."""
    if not is_ulid(text):
        raise ValueError(f"{text!r} is not a ULID")
    return text


def as_json(contract: Any) -> dict[str, Any]:
    """Return a dataclass as plain JSON types: enum members become strings, tuples become lists."""
    document: dict[str, Any] = _plain(asdict(contract))
    return document


def without_none(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document without the members that are None."""
    return {name: value for name, value in document.items() if value is not None}


def _plain(value: Any) -> Any:
    """Convert enum members and tuples to JSON types."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value
