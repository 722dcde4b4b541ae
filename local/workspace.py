"""Paths of the checkout and of one running instance (by default ``.local``).

Files that are expensive to create and the same for every instance (the Lambda interpreter, the synthesized assembly)
are shared by all instances of a checkout, in its ``.local``. All others belong to one instance.
"""

from dataclasses import dataclass
from pathlib import Path

from local.stages import LOCAL, Stage

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Workspace:
    """The paths of one instance. ``home`` holds everything that only this instance writes."""

    home: Path
    checkout: Path = CHECKOUT

    @property
    def logs(self) -> Path:
        """One log file per process and step."""
        return self.home / "logs"

    @property
    def scratch(self) -> Path:
        """The emulator's own temporary files; emptied at each start."""
        return self.home / "tmp"

    @property
    def certificates(self) -> Path:
        """The certificate authority of this instance and the certificate of its emulator."""
        return self.home / "certificates"

    @property
    def state(self) -> Path:
        """The running processes, which `down` stops."""
        return self.home / "state.json"

    @property
    def deployed(self) -> Path:
        """The digests of the deployment, which the next `make up` compares."""
        return self.home / "deployed.json"

    @property
    def zips(self) -> Path:
        """The functions' zips for the local machine, shared by all instances."""
        return self.checkout / "build" / "zips" / "host"

    @property
    def outputs(self) -> Path:
        """The addresses, for people and for tests."""
        return self.home / "outputs.json"

    def outputs_of(self, stage: Stage) -> Path:
        """The addresses of one stage; several may run at once."""
        return self.outputs if stage is LOCAL else self.home / f"outputs-{stage.name}.json"

    @property
    def contact_sheet(self) -> Path:
        """The page that `demo` writes."""
        return self.home / "contact-sheet"

    @property
    def shared(self) -> Path:
        """The files that all instances of this checkout share."""
        return self.checkout / ".local"

    @property
    def runtime(self) -> Path:
        """The virtual environment in which the functions run, with only the packages of AWS's Lambda runtime."""
        return self.shared / "runtime"

    @property
    def keys(self) -> Path:
        """The signing keys of the local stages: one pair in both groups, used nowhere else."""
        return self.shared / "keys"

    def prepare(self) -> None:
        """Create the folders that every command needs."""
        for folder in (self.logs, self.scratch, self.certificates, self.shared):
            folder.mkdir(parents=True, exist_ok=True)


def default_workspace() -> Workspace:
    """Return the instance that ``make up`` and ``make demo`` use: ``.local`` in the checkout."""
    return Workspace(home=CHECKOUT / ".local")
