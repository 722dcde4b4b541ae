"""Compiles a zip's Python files beforehand: Lambda's /var/task is read-only, so a cold start compiles what is not.

Bytecode belongs to one version of Python and to no CPU, so only an interpreter of the target's version can make it.
It is never checked against its source at run time (PEP 552, unchecked hash): both come in one zip and never change.

The same files give the same bytes: each set is compiled in a fresh process, in one order, with a fixed hash seed.
This module imports nothing but the standard library, because the target's interpreter runs it as a script.
"""

import hashlib
import json
import os
import py_compile
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path


class BytecodeError(Exception):
    """A file could not be compiled; the message is the compiler's."""


def interpreter_of(version: str) -> str | None:
    """Return the path of an interpreter of ``version`` ("3.13"): this one, or one on the PATH; else None.

    A command by the right name need not be one: version managers leave stubs that know no such version.
    """
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    path = shutil.which(f"python{version}")
    if path is None or subprocess.run([path, "-I", "-c", ""], capture_output=True, check=False).returncode != 0:
        return None
    return path


def bytecode_of(sources: Mapping[str, Path], interpreter: str, *, cache: Path) -> dict[str, Path]:
    """Compile files, given by their names in the zip, and return what belongs beside them by its name there.

    A set that was compiled before comes from ``cache``. Raises BytecodeError.
    """
    build, tag = _identity(interpreter)
    names = {name: _compiled_name(name, tag) for name in sorted(sources)}
    tree = cache / f"{tag}-{_digest(build, sources)}"
    if not tree.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=cache))
        try:
            jobs = [(str(sources[name].resolve()), name, str(scratch / "tree" / names[name])) for name in names]
            done = subprocess.run(
                [interpreter, "-I", __file__],
                input=json.dumps(jobs),
                env=os.environ | {"PYTHONHASHSEED": "0"},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                raise BytecodeError(done.stderr.strip())
            (scratch / "tree").mkdir(exist_ok=True)  # of no files
            try:
                (scratch / "tree").rename(tree)
            except OSError:
                if not tree.is_dir():  # else another build finished first, with the same content
                    raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return {compiled: tree / compiled for compiled in names.values()}


def _identity(interpreter: str) -> tuple[str, str]:
    """Return an interpreter's exact build and the tag in its file names, such as cpython-313."""
    if interpreter == sys.executable:
        return sys.version, str(sys.implementation.cache_tag)
    ask = "import sys; print(sys.implementation.cache_tag); print(sys.version)"
    answer = subprocess.run([interpreter, "-I", "-c", ask], capture_output=True, text=True, check=True).stdout
    tag, _, build = answer.partition("\n")
    return build.strip(), tag


def _compiled_name(name: str, tag: str) -> str:
    folder, _, file = name.rpartition("/")
    compiled = f"__pycache__/{file.removesuffix('.py')}.{tag}.pyc"
    return f"{folder}/{compiled}" if folder else compiled


def _digest(build: str, sources: Mapping[str, Path]) -> str:
    digest = hashlib.sha256(build.encode() + b"\0" + Path(__file__).read_bytes())
    for name in sorted(sources):
        digest.update(name.encode() + b"\0" + hashlib.sha256(sources[name].read_bytes()).digest())
    return digest.hexdigest()[:16]


def main() -> None:
    """Compile the jobs on standard input: [source, name in tracebacks, target] each."""
    for source, name, target in json.load(sys.stdin):
        py_compile.compile(
            source,
            cfile=target,
            dfile=f"/var/task/{name}",
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )


if __name__ == "__main__":
    main()
