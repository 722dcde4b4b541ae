"""Digests of the code of each process: `make up` restarts a process when its digest has changed.

The import graph determines the code: a process runs its module and everything that the module imports.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import grimp

_DEPENDENCIES: Final = "requirements/dev.txt"


class CodeDigests:
    """The current code of a checkout on disk."""

    def __init__(self, checkout: Path) -> None:
        self._checkout = checkout
        self._graph = grimp.build_graph("local", "image_scaler", "cdk", "functions", cache_dir=None)

    def of_process(self, module: str) -> str:
        """Return the digest of the code of ``python -m module``: modules, the package's other files, dependencies."""
        main = f"{module}.__main__"
        modules = {main, *self._graph.find_upstream_modules(main)}
        package = self._checkout / Path(*module.split("."))
        data = [path for path in package.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"}]
        return self._digest([*map(self._file, modules), *data, self._checkout / _DEPENDENCIES])

    def of_files(self, names: Iterable[str]) -> str:
        """Return the digest of files by their paths in the checkout; those that do not exist count as missing."""
        return self._digest(self._checkout / name for name in names)

    def read_by_templates(self) -> list[Path]:
        """Return the functions' modules that the CDK app imports; a change in them may change a template."""
        modules = self._graph.find_upstream_modules("cdk", as_package=True)
        return sorted(self._file(module) for module in modules if module.startswith("functions."))

    def _file(self, module: str) -> Path:
        path = self._checkout / Path(*module.split("."))
        return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")

    def _digest(self, paths: Iterable[Path]) -> str:
        return digest_of(self._checkout, paths)


def digest_of(checkout: Path, paths: Iterable[Path]) -> str:
    """Return a digest of files by path and content."""
    digest = hashlib.sha256()
    for path in sorted(set(paths)):
        if path.is_file():
            digest.update(f"{path.relative_to(checkout)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
