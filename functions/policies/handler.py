"""Policies: stores, checks, activates and shadows moderation policies, and applies them to stored images."""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from ulid import ULID

from functions.policies import responses
from functions.policies.administration import PolicyAdministration
from functions.policies.problems import PROBLEMS
from functions.policies.rejudgement_requests import diff_request, rejudgement_request
from functions.policies.rejudgements import Rejudgements
from functions.policies.requests import chosen_version, digest_of, policy_of, tenant_of
from functions.policies.settings import PoliciesSettings
from functions.policy.store import PolicyStore
from functions.shared.executions import Executions
from functions.shared.object_store import S3ObjectStore
from functions.shared.observability import logger
from functions.shared.rejudgements import Mode
from functions.shared.rest_api import json_response, query_parameters, resolver, respond

settings = PoliciesSettings.from_environment()  # a bad value fails the cold start
app = resolver(settings.allowed_origins, PROBLEMS)
policies = PolicyStore(settings.table_name)
administration = PolicyAdministration(policies)
rejudgements = Rejudgements(
    policies=policies,
    store=S3ObjectStore(),
    executions=Executions(),
    bucket=settings.reports_bucket,
    state_machine_arn=settings.rejudge_state_machine_arn,
    new_id=lambda: str(ULID()),
)


@app.get("/v1/policies/<name>")
def get_policy(name: str) -> Response[str]:
    """Return the policy in force under a name, or one version of it."""
    event = app.current_event.raw_event
    tenant, digest = tenant_of(event, name, known=("digest",)), digest_of(event)
    if digest is not None:
        return json_response(200, responses.version(*administration.document(tenant, name, digest)))
    return json_response(200, responses.found(tenant, name, administration.get(tenant, name)))


@app.put("/v1/policies/<name>")
def put_policy(name: str) -> Response[str]:
    """Store a version of a policy; it is not active yet."""
    event = app.current_event.raw_event
    version, is_new = administration.put(tenant_of(event, name), name, policy_of(event))
    return json_response(201 if is_new else 200, responses.version(version))


@app.get("/v1/policies/<name>/versions")
def get_versions(name: str) -> Response[str]:
    """Return all versions of a policy, newest first."""
    versions = policies.versions(tenant_of(app.current_event.raw_event, name), name)
    return json_response(200, {"items": [responses.version(each) for each in versions]})


@app.post("/v1/policies/<name>/check")
def check_policy(name: str) -> Response[str]:
    """Check a version of a policy."""
    event = app.current_event.raw_event
    checked = administration.check(tenant_of(event, name), name, chosen_version(event))
    return json_response(200, responses.version(checked))


@app.post("/v1/policies/<name>/activate")
def activate_policy(name: str) -> Response[str]:
    """Activate a version of a policy that passed its check."""
    event = app.current_event.raw_event
    pointer = administration.activate(tenant_of(event, name), name, chosen_version(event))
    return json_response(200, responses.active(pointer))


@app.post("/v1/policies/<name>/shadow")
def start_shadow(name: str) -> Response[str]:
    """Shadow a version of a policy."""
    event = app.current_event.raw_event
    pointer = administration.start_shadow(tenant_of(event, name), name, chosen_version(event))
    return json_response(200, responses.shadow(pointer))


@app.delete("/v1/policies/<name>/shadow")
def end_shadow(name: str) -> Response[str]:
    """Stop shadowing a policy."""
    administration.end_shadow(tenant_of(app.current_event.raw_event, name), name)
    return json_response(200, {"shadow": None})


@app.post("/v1/policies/<name>/diff")
def diff_policies(name: str) -> Response[str]:
    """Start to compare two versions of a policy over the stored images."""
    event = app.current_event.raw_event
    tenant, asked = tenant_of(event, name), diff_request(event)
    started = rejudgements.diff(tenant, name, candidate=asked.candidate, against=asked.against)
    return json_response(202, responses.rejudgement(started))


@app.post("/v1/rejudgements")
def start_rejudgement() -> Response[str]:
    """Start to judge stored images again, or to apply a manifest."""
    event = app.current_event.raw_event
    query_parameters(event)
    asked = rejudgement_request(event)
    if asked.manifest is not None:
        started = rejudgements.apply(asked.manifest, cap=asked.cap, confirmed=asked.confirm)
        return json_response(202, responses.rejudgement(started))
    mode = Mode(asked.mode or Mode.DRY_RUN)
    started = rejudgements.rejudge(asked.tenant, asked.policy, mode, cap=asked.cap, confirmed=asked.confirm)
    return json_response(202, responses.rejudgement(started))


@app.get("/v1/rejudgements/<rejudgement_id>")
def get_rejudgement(rejudgement_id: str) -> Response[str]:
    """Return how far a comparison or a rejudgement is, and its report."""
    query_parameters(app.current_event.raw_event)
    return json_response(200, responses.progress(rejudgements.progress(rejudgement_id)))


@logger.inject_lambda_context(clear_state=True)  # no keys from the last request
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Respond to one API Gateway request."""
    return respond(app, event, context, function="policies")
