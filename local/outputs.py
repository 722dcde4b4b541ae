"""The addresses of a running instance, in ``outputs.json``: for people, the README's examples and tests."""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Self

from local.errors import LocalError


@dataclass(frozen=True)
class Outputs:
    """All addresses. Clients of the emulator must trust ``ca_file``.

    ``api_url`` is behind the firewall, as on AWS: it refuses requests that bypass the edge. ``uploads_url`` is the S3
    endpoint of presigned requests, plain http for browsers. ``webhooks_url`` is the receiver of webhooks
    (local/webhooks/service.py). ``edge_stack`` are the Edge stack's outputs by name; the
    edge's fields are empty while no edge runs. The key ``edge_…`` signs for images and for the API, which is not
    allowed on a real stage; ``viewers_…`` and ``control_…`` sign for one of them.
    """

    api_url: str
    emulator_url: str
    region: str
    state_machine_arn: str
    table: str
    event_bus: str
    buckets: dict[str, str]
    functions: dict[str, str]
    rekognition_control_url: str
    uploads_url: str
    webhooks_url: str
    ca_file: str
    stage: str = "local"
    state_machines: dict[str, str] = field(default_factory=dict)
    edge_url: str | None = None
    edge_key_pair_id: str | None = None
    edge_private_key_file: str | None = None
    viewers_key_pair_id: str | None = None
    viewers_private_key_file: str | None = None
    control_key_pair_id: str | None = None
    control_private_key_file: str | None = None
    edge_stack: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file. Raises LocalError if nothing was started."""
        try:
            document = json.loads(path.read_text())
        except FileNotFoundError as error:
            raise LocalError(f"{path} is missing, so no instance is running. Start one with `make up`.") from error
        known = {each.name: document[each.name] for each in fields(cls) if each.name in document}
        try:
            return cls(**known)
        except TypeError as error:
            raise LocalError(
                f"{path} was written by another release. `make down` stops its instance; `make up` starts a new one."
            ) from error

    def write(self, path: Path) -> None:
        """Write the file atomically, so that a reader never sees part of it."""
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(asdict(self), indent=2) + "\n")
        draft.replace(path)
