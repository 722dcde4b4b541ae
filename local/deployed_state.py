"""The state of a deployed instance as digests, so that the next `make up` deploys only differences."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from local.rekognition.detectors import LocalDetector


@dataclass(frozen=True)
class DeployedState:
    """Digests of the deployed code: ``templates`` of all inputs of the templates, ``processes`` by process.

    ``assembly`` is the folder of the cloud assembly that the stacks were deployed from; ``detector`` judges the
    pictures.
    """

    assembly: str
    templates: str
    processes: dict[str, str]
    detector: LocalDetector

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Read the file; None if it is missing or from another release."""
        try:
            document = json.loads(path.read_text())
            return cls(**document | {"detector": LocalDetector(document["detector"])})
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return None

    def write(self, path: Path) -> None:
        """Write the file atomically."""
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(asdict(self), indent=2) + "\n")
        draft.replace(path)
