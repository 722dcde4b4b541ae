"""The specifications of all Lambda functions, one module each: ``SPECIFICATION`` of cdk/functions/<name>.py.

Packaging, stacks, cdk-nag, benchmarks and tests take the list of functions from here. A new module is found
without a change here.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final

from cdk.specification import FunctionSpecification

_FIRST: Final = ("optimize", "moderate", "blur", "persist", "serve", "upload", "manage", "remove")
"""Functions with a fixed position in templates and graphs; all others follow in alphabetical order."""


def _discovered() -> dict[str, FunctionSpecification[Any]]:
    modules = [module.name for module in iter_modules(__path__)]
    ordered = sorted(modules, key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name))
    return {name: import_module(f"{__name__}.{name}").SPECIFICATION for name in ordered}


SPECIFICATIONS: Final = _discovered()
"""Every function by name."""
