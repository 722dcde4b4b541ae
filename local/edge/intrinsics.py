"""Resolves CloudFormation's intrinsic functions with known values."""

import re
from collections.abc import Mapping
from typing import Any

from local.edge.properties import UnmodelledError


class Resolver:
    """Values of references: pseudo parameters and physical ids by name, attributes by (name, attribute), imports."""

    def __init__(
        self,
        *,
        references: Mapping[str, str],
        attributes: Mapping[tuple[str, str], str] | None = None,
        imports: Mapping[str, str] | None = None,
    ) -> None:
        self._references = references
        self._attributes = attributes or {}
        self._imports = imports or {}

    def resolve(self, value: Any) -> Any:
        """Return ``value`` without intrinsic functions. Raises UnmodelledError for one that cannot be resolved."""
        if isinstance(value, list):
            return [self.resolve(each) for each in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function == "Ref" or function.startswith("Fn::"):
                return self._call(function, argument)
        return {name: self.resolve(each) for name, each in value.items()}

    def _call(self, function: str, argument: Any) -> Any:
        match function:
            case "Ref":
                return self._known(self._references, argument, f"Ref {argument}")
            case "Fn::GetAtt":
                return self._known(self._attributes, tuple(argument), f"GetAtt {argument}")
            case "Fn::ImportValue":
                return self._known(self._imports, self.resolve(argument), f"ImportValue {argument}")
            case "Fn::Join":
                separator, parts = argument
                return separator.join(self.resolve(parts))
            case "Fn::Sub":
                return re.sub(
                    r"\$\{([^}]+)\}", lambda found: self._known(self._references, found[1], f"Sub {found[1]}"), argument
                )
            case _:
                raise UnmodelledError(f"the local edge does not model the intrinsic function {function}")

    @staticmethod
    def _known(values: Mapping[Any, str], key: Any, what: str) -> str:
        try:
            return values[key]
        except KeyError:
            raise UnmodelledError(f"the local edge does not know the value of {what}") from None


def logical_id(reference: Any) -> str:
    """Return the logical id in a Ref or a GetAtt."""
    if isinstance(reference, dict) and "Ref" in reference:
        return str(reference["Ref"])
    if isinstance(reference, dict) and "Fn::GetAtt" in reference:
        return str(reference["Fn::GetAtt"][0])
    raise UnmodelledError(f"expected a reference to a resource of the template, not {reference!r}")
