"""ManageImages' settings: the table, the state machine that removes images, and the browsers' origins."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from functions.shared.settings import EnvironmentReader


@dataclass(frozen=True)
class ManageSettings:
    """The table of records, the state machine `remove`, and allowed origins."""

    table_name: str
    remove_state_machine_arn: str
    allowed_origins: tuple[str, ...]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the process's environment. Raises SettingsError with all faults."""
        reader = EnvironmentReader(environment)
        settings = cls(
            table_name=reader.text("TABLE_NAME"),
            remove_state_machine_arn=reader.text("REMOVE_STATE_MACHINE_ARN"),
            allowed_origins=reader.words("ALLOWED_ORIGINS"),
        )
        reader.finish()
        return settings
