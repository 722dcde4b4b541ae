"""Settings of manage."""

from dataclasses import dataclass

from functions.verdicts.settings import VerdictSettings


@dataclass(frozen=True)
class ManageSettings(VerdictSettings):
    """Those of a function that changes verdicts, the state machine `remove`, and the origins that CORS allows."""

    remove_state_machine_arn: str
    allowed_origins: tuple[str, ...]
