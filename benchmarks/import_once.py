"""The import of a function's handler: a byte on standard output when it is done; the process's peak memory in MiB is
the last line on standard error.

python import_once.py MODULE, with the function's unpacked zip as PYTHONPATH: what Lambda runs, not the checkout
"""

import os
import sys
from importlib import import_module


def main() -> None:
    """Import the module as the Lambda runtime does before it takes the first event."""
    done = os.dup(1)
    os.dup2(2, 1)  # whatever is printed meanwhile goes elsewhere
    import_module(sys.argv[1])
    os.write(done, b".")
    from memory import peak_mib  # this folder's: the zip has none

    os.write(2, f"\n{peak_mib()}\n".encode())
    os._exit(0)


if __name__ == "__main__":
    main()
