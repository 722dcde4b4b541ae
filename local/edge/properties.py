"""Reads a template's properties completely: properties that are neither modelled nor listed are refused."""

from collections.abc import Mapping
from typing import Any

from local.errors import LocalError

_MISSING = object()

NOT_MODELLED = {
    "access logs": "Neither the distribution's nor the firewall's log is written.",
    "addresses and protocols": "Aliases, certificates, TLS versions, HTTP/2, HTTP/3, IPv6: it speaks plain HTTP/1.1.",
    "viewer protocol policy": "There is no TLS, so requests are neither redirected nor refused.",
    "managed rule groups": "AWS maintains the rules of AWSManagedRules…; locally they match nothing and set no label.",
    "origin access control": "Buckets are read with the emulator's root credentials; the bucket policy for the "
    "distribution is neither needed nor checked.",
    "origin timeouts": "The edge waits for an origin without a timeout.",
    "WAF metrics": "Rules are evaluated; nothing is counted in CloudWatch.",
    "comparison after a deployment": "The emulator sends no stack events; the hourly rule runs.",
    "rotation schedule": "Secrets Manager's calendar; `python -m local.edge.rotation` runs the four steps on demand.",
}
"""Features of the template that the local edge does not implement; printed at every start."""


class UnmodelledError(LocalError):
    """The template has a property that the local edge neither models nor lists as not modelled."""


class Properties:
    """The properties of one part of a template. Read each one, then call ``finish``."""

    def __init__(self, where: str, values: Mapping[str, Any]) -> None:
        self._where = where
        self._left = dict(values)

    def take(self, name: str, default: Any = _MISSING) -> Any:
        """Return a property. Raises UnmodelledError if it is missing and has no default."""
        if name not in self._left and default is _MISSING:
            raise UnmodelledError(f"{self._where} has no {name}, which the local edge needs")
        return self._left.pop(name, default)

    def part(self, name: str) -> "Properties | None":
        """Return a property that has nested properties, or None."""
        values = self._left.pop(name, None)
        return None if values is None else Properties(f"{self._where}.{name}", values)

    def parts(self, name: str) -> "list[Properties]":
        """Return a list of properties that have nested properties."""
        return [Properties(f"{self._where}.{name}[{i}]", each) for i, each in enumerate(self._left.pop(name, []))]

    def only(self, name: str, modelled: list[Any]) -> None:
        """Accept a property that may be missing or have one of these values."""
        value = self._left.pop(name, modelled[0])
        if value not in modelled:
            raise UnmodelledError(f"{self._where}.{name} is {value!r}; the local edge models {modelled} only")

    def label(self, *names: str) -> None:
        """Accept properties that are names and comments."""
        for name in names:
            self._left.pop(name, None)

    def not_modelled(self, what: str, *names: str) -> None:
        """Accept properties that NOT_MODELLED lists under ``what``."""
        if what not in NOT_MODELLED:
            raise KeyError(what)
        self.label(*names)

    def finish(self) -> None:
        """Raise UnmodelledError if properties are left unread."""
        if self._left:
            raise UnmodelledError(
                f"{self._where} has {', '.join(sorted(self._left))}, which the local edge does not model. "
                "Model it in local/edge, or list it as not modelled."
            )
