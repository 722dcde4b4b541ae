"""DecideVerdicts: applies changes of verdicts, for the state machines."""
