"""Settings of decide."""

from functions.verdicts.settings import VerdictSettings


class DecideSettings(VerdictSettings):
    """Those of a function that changes verdicts."""
