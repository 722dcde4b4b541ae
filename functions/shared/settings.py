"""Reads a function's settings from its environment variables, once, at import, and reports all faults together.

A function declares a frozen dataclass derived from Settings. An invalid value fails the cold start with a message that
names every variable, its value and the values that are allowed.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from enum import StrEnum
from typing import Any, Final, Self, TypeVar

from functions.shared.errors import SettingsError

Word = TypeVar("Word", bound=StrEnum)


class EnvironmentReader:
    """Reads settings and collects their faults; call ``finish`` after the last one.

    ``environment`` is by default the process's own.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment
        self._faults: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        """Return a string that is not empty; without a default the variable is required."""
        value = self._environment.get(name) or default
        if value is None:
            self._faults.append(f"{name} is not set")
            return ""
        return value

    def integer(self, name: str, default: int | None = None, *, minimum: int = 1, maximum: int | None = None) -> int:
        """Return a whole number between ``minimum`` and ``maximum``, inclusive."""
        text = self.text(name, None if default is None else str(default))
        allowed = f"a whole number from {minimum}" + (f" to {maximum}" if maximum is not None else " up")
        try:
            number = int(text)
        except ValueError:
            if text:
                self._faults.append(f"{name} is {text!r}; it must be {allowed}")
            return minimum
        if number < minimum or (maximum is not None and number > maximum):
            self._faults.append(f"{name} is {number}; it must be {allowed}")
        return number

    def word(self, name: str, words: type[Word], default: Word) -> Word:
        """Return a member of an enumeration."""
        text = self.text(name, default.value)
        try:
            return words(text)
        except ValueError:
            self._faults.append(f"{name} is {text!r}; it must be one of {', '.join(words)}")
            return default

    def words(self, name: str, allowed: Iterable[str] | None = None) -> tuple[str, ...]:
        """Return the items of a comma-separated list, each one of ``allowed``; () if the variable is not set."""
        found = tuple(word.strip() for word in self._environment.get(name, "").split(",") if word.strip())
        words = found if allowed is None else tuple(allowed)
        if not set(found) <= set(words):
            self._faults.append(f"{name} is {','.join(found)!r}; it must be some of {', '.join(words)}")
        return found

    def integers(self, name: str, *, minimum: int, maximum: int) -> tuple[int, ...]:
        """Return the whole numbers of a comma-separated list; () if the variable is not set."""
        found = self.words(name)
        numbers = tuple(int(word) for word in found if word.isascii() and word.isdigit())
        if len(numbers) < len(found) or not all(minimum <= number <= maximum for number in numbers):
            self._faults.append(f"{name} is {','.join(found)!r}; it must be whole numbers from {minimum} to {maximum}")
        return numbers

    def expect(self, holds: bool, fault: str) -> None:  # noqa: FBT001 - reads like an assertion
        """Record a fault unless the condition holds."""
        if not holds:
            self._faults.append(fault)

    def finish(self) -> None:
        """Raise SettingsError with all faults, if there are any."""
        if self._faults:
            raise SettingsError("; ".join(self._faults))


class Settings(ABC):
    """Base of every function's settings; ``read`` defines the variables."""

    @classmethod
    @abstractmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the process's environment, or the given one. Raises SettingsError with all faults."""
        reader = EnvironmentReader(environment)
        settings = cls.read(reader)
        reader.finish()
        return settings


@dataclass(frozen=True)
class PlainSettings(Settings):
    """Base of settings without rules of their own; each field is read from the variable of its name in upper case.

    A field is a string, a whole number from 1 up, or the items of a comma-separated list. A list may be empty; others
    are required unless they have a default.
    """

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        return cls(**{field.name: _read(reader, field) for field in fields(cls)})


_READERS: Final[dict[Any, Callable[..., Any]]] = {
    str: EnvironmentReader.text,
    int: EnvironmentReader.integer,
    tuple[str, ...]: EnvironmentReader.words,
}
"""How a field is read, by its type."""


def _read(reader: EnvironmentReader, field: Field[Any]) -> Any:
    default = () if field.default is MISSING else (field.default,)
    return _READERS[field.type](reader, field.name.upper(), *default)
