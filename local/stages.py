"""The stages that run locally. Their settings are in cdk/config.py; a test compares the names."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Stage:
    """One stage by its name; ``edge_process`` names its edge process and the log."""

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
"""The stage of `make up`."""
LOCAL_V1: Final = Stage(name="local-v1", edge_process="edge-v1")
"""The same with `delivery: v1`, for the demo and tests."""
STAGES: Final = (LOCAL, LOCAL_V1)
