"""An arm64 Python 3.13 on this machine: Debian 13's packages unpacked into a folder, run by its qemu.

Nothing is installed. apt keeps separate lists in the folder, from the same sources as the system's apt. On other
systems there is no such Python, and the tests say so.
"""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SUITE = "trixie"
PACKAGES = (
    *("python3.13-minimal", "libpython3.13-minimal", "libpython3.13-stdlib", "libc6", "libgcc-s1", "libstdc++6"),
    *("zlib1g", "libexpat1", "libffi8", "libssl3t64", "libbz2-1.0", "liblzma5", "libsqlite3-0", "libuuid1", "libzstd1"),
)
SOURCES = Path("/etc/apt/sources.list.d/debian.sources")


class UnavailableError(Exception):
    """No arm64 Python is available; the message says why."""


@dataclass(frozen=True)
class ArmPython:
    """The interpreter: qemu, and the folder with arm64's libraries."""

    qemu: Path
    root: Path

    @property
    def command(self) -> list[str]:
        """The command line of the interpreter, without arguments."""
        return [str(self.qemu), "-L", str(self.root), str(self.root / "usr/bin/python3.13")]

    def run(
        self, arguments: Sequence[str], *, environment: Mapping[str, str], stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run the interpreter with exactly this environment."""
        command = [*self.command, *arguments]
        return subprocess.run(command, env=dict(environment), input=stdin, capture_output=True, text=True, check=False)


def unpacked(folder: Path) -> ArmPython:
    """Return the interpreter in ``folder``, unpacked there unless it is already. Raises UnavailableError."""
    python = ArmPython(folder / "host/usr/bin/qemu-aarch64", folder / "root")
    if (folder / "complete").exists():
        return python
    for tool in ("apt-get", "dpkg"):
        if shutil.which(tool) is None:
            raise UnavailableError(f"{tool} is missing; install Debian's tools")
    if not SOURCES.exists():
        raise UnavailableError(f"{SOURCES} is missing; a Debian system is required")
    shutil.rmtree(folder, ignore_errors=True)
    apt = _private_apt(folder)
    _run([*apt, "update"])
    debs = folder / "debs"
    debs.mkdir()
    host = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    _run([*apt, "download", *(f"{name}:arm64" for name in PACKAGES), f"qemu-user:{host}"], cwd=debs)
    (python.root / "usr/lib").mkdir(parents=True)
    (python.root / "lib").symlink_to("usr/lib")
    for deb in sorted(debs.glob("*.deb")):
        target = folder / "host" if deb.name.startswith("qemu-user") else python.root
        target.mkdir(exist_ok=True)
        _run(["dpkg", "-x", str(deb), str(target)])
    (folder / "complete").touch()
    return python


def _private_apt(folder: Path) -> list[str]:
    """Return apt-get with separate lists, for the suite with Python 3.13."""
    stanza = SOURCES.read_text().split("\n\n")[0]
    lines = [line for line in stanza.splitlines() if re.match(r"(Types|URIs|Signed-By):", line)]
    sources = folder / "sources"
    for path in (sources, folder / "lists/partial", folder / "cache/archives/partial"):
        path.mkdir(parents=True)
    (sources / "debian.sources").write_text("\n".join([*lines, f"Suites: {SUITE}", "Components: main", ""]))
    (folder / "status").touch()
    host = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    options = {
        "Dir::Etc::SourceList": os.devnull,
        "Dir::Etc::SourceParts": sources,
        "Dir::State::Lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder / "cache",
        "APT::Architecture": host,
        "APT::Sandbox::User": "root",
    }
    architectures = [f"APT::Architectures::={each}" for each in dict.fromkeys((host, "arm64"))]
    return ["apt-get", "-q=2", *(o for name, value in options.items() for o in ("-o", f"{name}={value}")),
            *(o for each in architectures for o in ("-o", each))]  # fmt: skip


def _run(command: list[str], *, cwd: Path | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise UnavailableError(f"{' '.join(command[:1])} could not fetch Debian's packages: {done.stderr[-500:]}")
