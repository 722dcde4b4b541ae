"""Imports a function's handler and writes a byte to standard output. The last line on standard error is the process's
peak memory in MiB.

    python import_once.py MODULE, with the function's unpacked zip as PYTHONPATH, as on Lambda
"""

import os
import sys
from importlib import import_module


def main() -> None:
    """Import the module as the Lambda runtime does before the first event."""
    done = os.dup(1)
    os.dup2(2, 1)  # output during the import goes to standard error
    import_module(sys.argv[1])
    os.write(done, b".")
    from memory import peak_mib  # from this folder; the zip has no such module

    os.write(2, f"\n{peak_mib()}\n".encode())
    os._exit(0)


if __name__ == "__main__":
    main()
