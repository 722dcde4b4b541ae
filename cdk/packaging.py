"""Builds the deployable zips of the functions from locked wheels, without Docker.

Two architectures: ``arm64`` for AWS (Python 3.13, manylinux wheels for aarch64) and ``host`` for the emulator (this
machine's CPU and Python, with the ``bootstrap`` of the Lambda Runtime API). Both come from the same locks.

Builds are reproducible: entries are sorted and have a fixed time and fixed permissions, so the same sources give the
same bytes and the CDK's asset hashes are stable. Unpacked wheels are cached by lock file, zips by their inputs; a build
that has nothing to do takes well under a second.

Zips never contain boto3 and botocore, which the Lambda runtime includes. They contain bytecode where it fits the budget
(see bytecode.py): without it a cold start of `serve` takes twice as long.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final

from cdk.bytecode import BytecodeError, bytecode_of, compiled_name, compiler_of
from cdk.cached_folder import cached_folder
from cdk.functions import SPECIFICATIONS
from cdk.specification import Package

ROOT: Final = Path(__file__).resolve().parent.parent
REQUIREMENTS: Final = ROOT / "requirements"
LICENSES: Final = REQUIREMENTS / "licenses"
"""The licence texts of packages whose wheels lack them, by the name of the package."""
BOOTSTRAP: Final = ROOT / "cdk" / "runtime" / "bootstrap"
ZIPS: Final = ROOT / "build" / "zips"
WHEELS: Final = ROOT / "build" / "wheels"
BYTECODE: Final = ROOT / "build" / "bytecode"

LAMBDA_PYTHON: Final = "3.13"
LAMBDA_PLATFORM: Final = "aarch64-manylinux_2_28"
"""uv's name for all aarch64 manylinux tags up to glibc 2.28, including manylinux2014; AL2023 has glibc 2.34."""

FIXED_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can represent."""

MIB: Final = 1024 * 1024


class Arch(StrEnum):
    """The target of a zip."""

    ARM64 = "arm64"
    HOST = "host"


PACKAGES: Final = {each.package.name: each.package for each in SPECIFICATIONS.values()}
"""The package of every zip by name; tests compare them with the imports of the code."""

_DROPPED_DIRECTORIES: Final = frozenset({"__pycache__", "tests", "bin"})
_DROPPED_SUFFIXES: Final = frozenset({".pyc", ".pyi", ".typed", ".h", ".c", ".pxd"})
_KEPT_OF_DIST_INFO: Final = frozenset({"METADATA", "entry_points.txt", "licenses", "LICENSE"})
"""Metadata that code may read with importlib.metadata, and licences that must be distributed."""
_DROPPED_PREFIXES: Final = (
    "pydantic/v1/",  # the API of pydantic 1, which is not imported here
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/swagger-ui",  # a page that is never served, 430 KB
    "PIL/_imagingft.",  # text and Tk are not used
    "PIL/_imagingtk.",
)

_UNCOMPILED: Final = re.compile(r"aws_lambda_powertools/(event_handler|utilities/(?!jmespath_utils/)\w+)/")
"""Parts of Powertools that no function with bytecode imports; their bytecode would be a tenth of serve's zip."""


class PackagingError(Exception):
    """A zip cannot be built; the message names it and says what to do."""


def build_all(arch: Arch, *, out: Path = ZIPS) -> dict[str, Path]:
    """Build all zips below ``out/<arch>`` and return their paths by package. Raises PackagingError."""
    return {name: build_zip(name, arch, out=out) for name in PACKAGES}


def build_zip(name: str, arch: Arch, *, out: Path = ZIPS) -> Path:
    """Build the zip of one package, unless an identical one exists, and return its path.

    Raises PackagingError.
    """
    package = PACKAGES[name]
    wheels = unpacked_wheels(package.lock, arch)
    entries = dict(_sources(package, arch))
    for relative, path in _files(wheels):
        if _is_needed(relative):
            entries.setdefault(relative, path)
    entries |= _missing_licenses(entries)
    if package.bytecode:
        entries |= _bytecode(entries, arch)
    target = out / arch / f"{name}.zip"
    stamp = target.with_suffix(".inputs")
    inputs = _digest_of(entries)
    if target.is_file() and stamp.is_file() and stamp.read_text() == inputs:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        unfinished = Path(scratch) / target.name
        _write_zip(entries, unfinished)
        unfinished.replace(target)
    stamp.write_text(inputs)
    return target


def unpacked_wheels(lock: str, arch: Arch) -> Path:
    """Install a lock file's wheels into a cached directory and return it. Raises PackagingError."""
    lock_file = REQUIREMENTS / lock
    key = hashlib.sha256("\0".join((lock_file.read_text(), *_target_options(arch))).encode()).hexdigest()[:16]

    def install_into(tree: Path) -> None:
        command = [
            *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--no-config"),
            *("--only-binary", ":all:", "--require-hashes", "--link-mode", "copy"),
            *_target_options(arch),
            *("--target", str(tree), "--requirement", str(lock_file)),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PackagingError(f"uv could not install {lock} for {arch}:\n{done.stderr.strip()}")

    return cached_folder(WHEELS / f"{lock_file.stem}-{arch}-{key}", install_into)


def target_python(arch: Arch) -> str:
    """Return the version of Python that runs the zips: "3.13"."""
    return LAMBDA_PYTHON if arch is Arch.ARM64 else f"{sys.version_info.major}.{sys.version_info.minor}"


def _bytecode(entries: dict[str, Path], arch: Arch) -> dict[str, Path]:
    """Return the compiled files of the project and of the wheels by name. Raises PackagingError."""
    compiler = compiler_of(target_python(arch))
    if compiler is None:
        raise PackagingError(f"no compiler for Python {target_python(arch)}: run `make setup`, which installs Pyodide")
    sources = {name: path for name, path in entries.items() if name.endswith(".py") and not _UNCOMPILED.match(name)}
    theirs = {name: path for name, path in sources.items() if not name.startswith("functions/")}
    functions = ROOT / "functions"  # all at once: a compiler takes seconds to start
    ours = {f"functions/{relative}": path for relative, path in _files(functions) if path.suffix == ".py"}
    wanted = {compiled_name(name, compiler.tag) for name in sources}
    try:
        compiled = [bytecode_of(each, compiler, cache=BYTECODE) for each in (ours, theirs)]
        return {name: path for each in compiled for name, path in each.items() if name in wanted}
    except BytecodeError as error:
        raise PackagingError(f"cannot compile for {arch}: {error}") from error


def _target_options(arch: Arch) -> tuple[str, ...]:
    """Return the options with which uv selects wheels; they are part of the cache key."""
    version = ("--python-version", target_python(arch))
    return (*version, "--python-platform", LAMBDA_PLATFORM) if arch is Arch.ARM64 else version


def _sources(package: Package, arch: Arch) -> Iterator[tuple[str, Path]]:
    """Yield the project's own files: the required part of functions/, and the local bootstrap."""
    functions = ROOT / "functions"
    yield "functions/__init__.py", functions / "__init__.py"
    for name in package.packages:
        for relative, path in _files(functions / name):
            if "__pycache__" not in relative:
                yield f"functions/{name}/{relative}", path
    if arch is Arch.HOST:
        yield "bootstrap", BOOTSTRAP


def _missing_licenses(entries: dict[str, Path]) -> dict[str, Path]:
    """Return the licences that the wheels lack, at the place where the others are."""
    folders = {name.split("/")[0] for name in entries if ".dist-info/" in name}
    texts = {folder: LICENSES / f"{folder.partition('-')[0]}.txt" for folder in folders}
    return {f"{folder}/licenses/LICENSE": text for folder, text in texts.items() if text.is_file()}


def _files(directory: Path) -> Iterator[tuple[str, Path]]:
    """Yield every file below a directory with its path relative to it, in a fixed order."""
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            yield path.relative_to(directory).as_posix(), path


def _is_needed(relative: str) -> bool:
    """Return whether a file of an unpacked wheel is needed at run time."""
    parts = relative.split("/")
    if parts[0].endswith(".dist-info"):
        return parts[1] in _KEPT_OF_DIST_INFO
    if len(parts) == 1 and parts[0].startswith("."):  # uv's lock of the target directory
        return False
    if any(part in _DROPPED_DIRECTORIES for part in parts[:-1]) or Path(relative).suffix in _DROPPED_SUFFIXES:
        return False
    return not relative.startswith(_DROPPED_PREFIXES)


def _digest_of(entries: dict[str, Path]) -> str:
    """Return a digest of everything that determines a zip's bytes, including this module."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name, path in sorted(entries.items()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _write_zip(entries: dict[str, Path], target: Path) -> None:
    with zipfile.ZipFile(target, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in sorted(entries.items()):
            info = zipfile.ZipInfo(name, date_time=FIXED_TIME)
            info.create_system = 3  # Unix: external_attr holds permissions
            info.external_attr = (0o100755 if name == "bootstrap" else 0o100644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, path.read_bytes())


def main() -> None:
    """Build all zips of one architecture and print their sizes."""
    parser = argparse.ArgumentParser(prog="python -m cdk.packaging", description="Build one zip per function.")
    parser.add_argument("--arch", type=Arch, choices=list(Arch), default=Arch.ARM64, help="for AWS, or this machine")
    parser.add_argument("--out", type=Path, default=ZIPS, help="directory of the zips (default build/zips)")
    arguments = parser.parse_args()
    try:
        zips = build_all(arguments.arch, out=arguments.out)
    except PackagingError as error:
        sys.exit(str(error))
    for name, path in zips.items():
        size = path.stat().st_size / MIB
        print(f"{os.path.relpath(path)}  {size:.2f} MiB of {PACKAGES[name].budget_mib:g}")


if __name__ == "__main__":
    main()
