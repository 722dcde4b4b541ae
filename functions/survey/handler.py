"""SurveyImages: judges stored labels again, and keeps manifests and reports, for the state machine `rejudge`."""

from typing import Any

from functions.policy.store import PolicyStore
from functions.shared.object_store import S3ObjectStore
from functions.shared.observability import logger, metrics
from functions.survey.library import Library
from functions.survey.requests import SurveyRequest
from functions.survey.settings import SurveySettings
from functions.survey.surveying import Survey

settings = SurveySettings.from_environment()  # a bad value fails the cold start
survey = Survey(
    library=Library(settings.table_name),
    policies=PolicyStore(settings.table_name),
    store=S3ObjectStore(),
    bucket=settings.reports_bucket,
)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Do what the state asks for."""
    request = SurveyRequest.from_state(event)
    logger.append_keys(rejudgement=request.rejudgement.id, manifest=request.rejudgement.manifest)
    result = survey.run(request)
    metrics.add_metric(name=f"Survey{request.operation.capitalize()}", unit="Count", value=1)
    logger.info("survey", extra={"operation": request.operation, "day": request.day, "part": request.part})
    return result
