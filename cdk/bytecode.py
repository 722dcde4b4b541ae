"""Compiles a zip's Python files at build time: Lambda's /var/task is read-only, so a cold start would compile them.

Bytecode depends on the version of Python, not on the CPU, so it needs a compiler of the target's version. For the local
machine that is the interpreter that runs the build; for AWS it is Pyodide's, CPython 3.13 as an npm package, whichever
Python is installed. Bytecode is not validated against its source at run time (PEP 552, unchecked hash), because both
are in the same zip.

The same files give the same bytes: each set is compiled in a new process, in a fixed order, with a fixed hash seed.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cdk.cached_folder import cached_folder

COMPILING: Final = Path(__file__).with_name("compiling.py")
"""The module that the target's Python runs; compiling.mjs runs it in Pyodide."""

PYODIDE: Final = Path(__file__).resolve().parent.parent / "node_modules" / "pyodide" / "package.json"
PYODIDE_PYTHON: Final = "3.13"
"""The Python version of the locked Pyodide; a test checks it."""


class BytecodeError(Exception):
    """A file could not be compiled; the message is the compiler's."""


@dataclass(frozen=True)
class Compiler:
    """A Python that compiles: a command that reads jobs from standard input, its exact build, and its files' tag."""

    command: tuple[str, ...]
    build: str
    tag: str


def compiler_of(version: str) -> Compiler | None:
    """Return the compiler for a version of Python ("3.13"): this interpreter's, or Pyodide's; None if it is neither."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return Compiler((sys.executable, "-I", str(COMPILING)), sys.version, str(sys.implementation.cache_tag))
    if version != PYODIDE_PYTHON or not PYODIDE.is_file() or shutil.which("node") is None:
        return None
    build = json.loads(PYODIDE.read_text(encoding="utf-8"))["version"]
    script = COMPILING.with_suffix(".mjs")
    return Compiler(("node", str(script)), f"pyodide {build}", f"cpython-{version.replace('.', '')}")


def bytecode_of(sources: Mapping[str, Path], compiler: Compiler, *, cache: Path) -> dict[str, Path]:
    """Compile files, by name in the zip, and return the compiled files by name in the zip.

    ``cache`` holds sets that are already compiled. Raises BytecodeError.
    """
    names = {name: compiled_name(name, compiler.tag) for name in sorted(sources)}

    def compile_into(tree: Path) -> None:
        jobs = [(str(sources[name].resolve()), name, str(tree / names[name])) for name in names]
        done = subprocess.run(
            compiler.command,
            input=json.dumps(jobs),
            env=os.environ | {"PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise BytecodeError(done.stderr.strip())

    tree = cached_folder(cache / f"{compiler.tag}-{_digest(compiler.build, sources)}", compile_into)
    return {compiled: tree / compiled for compiled in names.values()}


def compiled_name(name: str, tag: str) -> str:
    """Return the name under which Python looks for the compiled form of a file."""
    folder, _, file = name.rpartition("/")
    compiled = f"__pycache__/{file.removesuffix('.py')}.{tag}.pyc"
    return f"{folder}/{compiled}" if folder else compiled


def _digest(build: str, sources: Mapping[str, Path]) -> str:
    digest = hashlib.sha256(build.encode() + b"\0" + COMPILING.read_bytes())
    for name in sorted(sources):
        digest.update(name.encode() + b"\0" + hashlib.sha256(sources[name].read_bytes()).digest())
    return digest.hexdigest()[:16]
