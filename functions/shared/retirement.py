"""Starts `retire`, which deletes the files and variants that an image's record does not show any more."""

import json
from dataclasses import dataclass

from functions.shared.executions import Executions


@dataclass(frozen=True)
class Retirement:
    """The state machine `retire`."""

    executions: Executions
    state_machine_arn: str

    def start(self, image_id: str, name: str) -> None:
        """Start an execution for an image unless the name is in use. Raises TransientDependencyError."""
        self.executions.start(self.state_machine_arn, name, json.dumps({"image_id": image_id}))
