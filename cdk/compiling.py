"""Compiles Python files with the Python that runs it; bytecode.py runs it in the target's Python.

It imports only the standard library, because Pyodide (compiling.mjs) gets this file alone.
"""

import json
import py_compile
import sys


def compile_files(jobs: str) -> None:
    """Compile jobs, a JSON list of [source, name in tracebacks, target]."""
    for source, name, target in json.loads(jobs):
        py_compile.compile(
            source,
            cfile=target,
            dfile=f"/var/task/{name}",
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )


if __name__ == "__main__":
    compile_files(sys.stdin.read())
