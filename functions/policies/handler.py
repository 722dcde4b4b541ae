"""Policies: stores, checks, activates and shadows moderation policies, and applies them to stored images."""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from ulid import ULID

from functions.policies import responses
from functions.policies.administration import PolicyAdministration
from functions.policies.rejudgement_requests import diff_request, rejudgement_request
from functions.policies.rejudgements import Rejudgements
from functions.policies.requests import chosen_version, digest_of, policy_of, tenant_of
from functions.policies.settings import PoliciesSettings
from functions.policy.store import PolicyStore
from functions.shared.errors import (
    FloorNameError,
    PolicyChangedError,
    PolicyError,
    PolicyFloorsDifferError,
    PolicyMilderError,
    PolicyMissingError,
    PolicyNotPassedError,
    PolicyUncheckedError,
    RejudgementMissingError,
    RejudgementOutdatedError,
)
from functions.shared.executions import Executions
from functions.shared.object_store import S3ObjectStore
from functions.shared.observability import logger
from functions.shared.problem import problem
from functions.shared.rejudgements import Mode
from functions.shared.rest_api import as_response, json_response, query_parameters, resolver, respond

settings = PoliciesSettings.from_environment()  # a bad value fails the cold start
app = resolver(
    settings.allowed_origins,
    problems={
        PolicyMissingError: problem(404, "Not Found", "This policy has no version with this digest."),
        PolicyUncheckedError: problem(409, "Conflict", "This version has not been checked; check it first."),
        PolicyChangedError: problem(
            409, "Conflict", "The policy was activated or checked at the same time. Try again."
        ),
        RejudgementMissingError: problem(404, "Not Found", "No rejudgement has this id, or it has expired."),
        FloorNameError: problem(400, "Bad Request", "name: only the tenant default has a floor", parameter="tenant"),
    },
)
store = PolicyStore(settings.table_name)
administration = PolicyAdministration(store)
rejudgements = Rejudgements(
    policies=store,
    store=S3ObjectStore(),
    executions=Executions(),
    bucket=settings.reports_bucket,
    state_machine_arn=settings.rejudge_state_machine_arn,
    new_id=lambda: str(ULID()),
)


def invalid(error: PolicyError) -> Response[str]:
    """Respond to a document that is not a policy: 400 with all faults."""
    faults = [{"field": place, "detail": fault} for place, fault in error.faults]
    first = faults[0]
    detail = f"{first['field']} {first['detail']}"
    return as_response(problem(400, "Bad Request", detail, field=first["field"], errors=faults))


def not_passed(error: PolicyNotPassedError) -> Response[str]:
    """Respond to a policy whose examples fail: 422 that names the examples and what came out."""
    detail = f"An example fails: {error.failures[0]}"
    return as_response(problem(422, "Unprocessable Content", detail, failures=list(error.failures)))


def milder(error: PolicyMilderError) -> Response[str]:
    """Respond to a policy that is milder than the floor: 409 that names the places."""
    detail = f"The policy is milder than the floor: {error.places[0]}"
    return as_response(problem(409, "Conflict", detail, milder_than_floor=list(error.places)))


def floors_differ(error: PolicyFloorsDifferError) -> Response[str]:
    """Respond to a comparison of policies that do not consider the same labels: 400 that names both confidences."""
    detail = (
        f"against: its minimum_confidence is {error.against:g}, and the candidate's is {error.candidate:g}; only "
        "policies that consider the same labels are compared"
    )
    return as_response(problem(400, "Bad Request", detail, field="against"))


def outdated(error: RejudgementOutdatedError) -> Response[str]:
    """Respond to a manifest that cannot be applied: 409 that says why."""
    return as_response(problem(409, "Conflict", f"manifest: {error}", field="manifest"))


app.exception_handler(PolicyFloorsDifferError)(floors_differ)
app.exception_handler(RejudgementOutdatedError)(outdated)
app.exception_handler(PolicyError)(invalid)
app.exception_handler(PolicyNotPassedError)(not_passed)
app.exception_handler(PolicyMilderError)(milder)


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
    tenant = tenant_of(app.current_event.raw_event, name)
    versions = administration.store.versions(tenant, name)
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
