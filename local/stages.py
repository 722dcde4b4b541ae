"""The stages that run on this machine. Their settings are those of cdk/config.py; a test compares the names."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Stage:
    """One stage by its name; ``edge_process`` names what runs for it, and its logs."""

    name: str
    edge_process: str

    @property
    def pipeline_stack(self) -> str:
        """The name of its Pipeline stack."""
        return f"ImageScaler-{self.name}-Pipeline"

    @property
    def edge_stack(self) -> str:
        """The name of its Edge stack."""
        return f"ImageScaler-{self.name}-Edge"


LOCAL: Final = Stage(name="local", edge_process="edge")
"""What `make up` deploys."""
LOCAL_V1: Final = Stage(name="local-v1", edge_process="edge-v1")
"""The same with `delivery: v1`, deployed beside it by whoever wants to see both."""
STAGES: Final = (LOCAL, LOCAL_V1)
