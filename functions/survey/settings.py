"""Settings of survey."""

from dataclasses import dataclass

from functions.shared.settings import PlainSettings


@dataclass(frozen=True)
class SurveySettings(PlainSettings):
    """The table, and the bucket of manifests and reports."""

    table_name: str
    reports_bucket: str
