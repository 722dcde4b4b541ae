"""Alarms report each problem once and link to a section of the runbook."""

import json
import re

import pytest

from cdk.constructs.workflows import DEFINITIONS
from cdk.functions import SPECIFICATIONS
from cdk.specification import FunctionMetric
from tests.documents import CHECKOUT, code, headings
from tests.fakes.stage import EDGE_FUNCTIONS
from tests.infrastructure.policies import text_of
from tests.infrastructure.test_workflows import machine as found_machine

RUNBOOK = CHECKOUT / "docs" / "runbook.md"
ENDED_BADLY = '{ ($.type = "ExecutionFailed") || ($.type = "ExecutionTimedOut") || ($.type = "ExecutionAborted") }'
ALARMS = {
    "IngestFailed": "ExecutionsFailed",
    "IngestTimedOut": "ExecutionsTimedOut",
    "IngestAborted": "ExecutionsAborted",
    "ImagesHeld": "NumberOfMessagesSent",
    "UndeliveredEvents": "ApproximateNumberOfMessagesVisible",
    "UploadsWaiting": "ApproximateAgeOfOldestMessage",
    "SettleFailed": "ExecutionsFailed",
    "SettleTimedOut": "ExecutionsTimedOut",
    "SettleAborted": "ExecutionsAborted",
    "RemovalsDelayed": "RemovalsDelayed",
    "RemovalsEndedBadly": "RemovalsEndedBadly",
    "ReviewsEndedBadly": "ReviewsEndedBadly",
    "RejudgementsEndedBadly": "RejudgementsEndedBadly",
    "ApiErrors": "5XXError",
    "ImagesNotPrewarmed": "ApproximateNumberOfMessagesVisible",
    "VariantsNotRefined": "ApproximateNumberOfMessagesVisible",
    **{
        each.name: {FunctionMetric.ERRORS: "Errors", FunctionMetric.DURATION_P95: "Duration"}[each.metric]
        for name, specification in SPECIFICATIONS.items()
        if name not in EDGE_FUNCTIONS
        for each in specification.alarms
    },
}


def alarm(synthesized, name):
    """Return the properties of the alarm with this name in its logical id."""
    (properties,) = (
        resource["Properties"]
        for logical_id, resource in synthesized.resources("AWS::CloudWatch::Alarm").items()
        if logical_id.startswith(f"Operations{name}")
    )
    return properties


@pytest.mark.parametrize(("name", "metric"), ALARMS.items())
def test_an_alarm_watches_its_metric_and_names_its_page_of_the_runbook(stage, name, metric):
    properties = alarm(stage("prod"), name)

    assert properties["MetricName"] == metric
    assert properties["TreatMissingData"] == "notBreaching"
    assert properties["AlarmDescription"].endswith(f"docs/runbook.md#{name.lower()}")


def test_there_are_no_other_alarms(stage):
    assert len(stage("prod").resources("AWS::CloudWatch::Alarm")) == len(ALARMS)


@pytest.mark.parametrize("end", ["Failed", "TimedOut", "Aborted"])
def test_no_execution_of_any_state_machine_ends_badly_in_silence(stage, end):
    """An alarm watches Step Functions' metric of the state machine, or counts the ending in its log."""
    synthesized = stage("prod")
    alarms = synthesized.properties("AWS::CloudWatch::Alarm")
    by_metric = {
        each["Dimensions"][0]["Value"]["Ref"]
        for each in alarms
        if (each.get("Namespace"), each.get("MetricName")) == ("AWS/States", f"Executions{end}")
    }
    watched = {(each.get("Namespace"), each.get("MetricName")) for each in alarms}
    logs = {
        f"{each['LogGroupName']['Ref']}.Arn"
        for each in synthesized.properties("AWS::Logs::MetricFilter")
        for metric in each["MetricTransformations"]
        if f'$.type = "Execution{end}"' in each["FilterPattern"]
        and (metric["MetricNamespace"], metric["MetricName"]) in watched
    }
    by_log = {
        machine
        for machine, resource in synthesized.resources("AWS::StepFunctions::StateMachine").items()
        for destination in resource["Properties"]["LoggingConfiguration"]["Destinations"]
        if text_of(destination["CloudWatchLogsLogGroup"]["LogGroupArn"]) in logs
    }

    assert by_metric | by_log == set(synthesized.resources("AWS::StepFunctions::StateMachine"))


def test_no_alarm_watches_a_metric_that_another_stage_of_the_account_writes_too(stage):
    """Dimensions that refer to resources are a stage's own; names that are written out must hold the stage."""

    def watched(name):
        synthesized = stage(name)
        return {
            json.dumps([metric["Namespace"], metric["MetricName"], metric.get("Dimensions", [])], sort_keys=True)
            for template in (synthesized.pipeline, synthesized.edge)
            for resource in template["Resources"].values()
            if resource["Type"] == "AWS::CloudWatch::Alarm"
            for metric in metrics_of(resource["Properties"])
            if '"Ref": "' not in (dimensions := json.dumps(metric.get("Dimensions", [])).replace('"AWS::Region"', ""))
            and "Fn::GetAtt" not in dimensions
        }

    assert watched("dev")
    assert watched("dev") & watched("prod") == set()


def metrics_of(alarm):
    """Return the metrics of an alarm, including those of an expression."""
    return [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", ()) if "MetricStat" in each] or [alarm]


def test_each_held_image_is_noted_by_its_announcement(stage):
    synthesized = stage("prod")
    (bus,) = synthesized.resources("AWS::Events::EventBus")

    (rule,) = (
        rule
        for rule in synthesized.properties("AWS::Events::Rule")
        if "Image Held" in rule.get("EventPattern", {}).get("detail-type", ())
    )

    assert rule["EventBusName"] == {"Ref": bus}
    assert rule["EventPattern"] == {"source": ["image-scaler"], "detail-type": ["Image Held"]}
    ((queue, _),) = (target["Arn"]["Fn::GetAtt"] for target in rule["Targets"])
    assert alarm(synthesized, "ImagesHeld")["Dimensions"] == [
        {"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}
    ]


def test_an_upload_that_waits_for_an_hour_is_told(stage):
    synthesized = stage("prod")

    waiting = alarm(synthesized, "UploadsWaiting")

    assert (waiting["Threshold"], waiting["Statistic"]) == (3_600, "Maximum")
    assert waiting["Dimensions"] == [
        {"Name": "QueueName", "Value": {"Fn::GetAtt": [synthesized.queue_of("admit"), "QueueName"]}}
    ]


@pytest.mark.parametrize(
    ("name", "pattern", "machines"),
    [
        ("RemovalsDelayed", '{ $.details.name = "WaitOutTrouble" }', ("Remove", "Retire")),
        ("RemovalsEndedBadly", ENDED_BADLY, ("Remove", "Retire")),
        ("ReviewsEndedBadly", ENDED_BADLY, ("Review",)),
        ("RejudgementsEndedBadly", ENDED_BADLY, ("Rejudge",)),
    ],
)
def test_delayed_and_failed_executions_are_counted_in_the_stages_own_logs(stage, name, pattern, machines):
    synthesized = stage("prod")
    logged = {
        text_of(machine["LoggingConfiguration"]["Destinations"][0]["CloudWatchLogsLogGroup"]["LogGroupArn"])
        for title in machines
        for _, machine in [found_machine(synthesized, title)]
    }

    filters = [
        each
        for each in synthesized.properties("AWS::Logs::MetricFilter")
        if each["MetricTransformations"][0]["MetricName"] == name
    ]

    assert {f"{each['LogGroupName']['Ref']}.Arn" for each in filters} == logged
    assert {each["FilterPattern"] for each in filters} == {pattern}
    assert {each["MetricTransformations"][0]["MetricNamespace"] for each in filters} == {"ImageScaler/prod"}
    assert alarm(synthesized, name)["Namespace"] == "ImageScaler/prod"


@pytest.mark.parametrize("machine", ["remove", "retire"])
def test_the_state_that_is_counted_is_where_a_trouble_is_waited_out(machine):
    states = json.loads((DEFINITIONS / f"{machine}.asl.json").read_text(encoding="utf-8"))["States"]

    assert states["WaitOutTrouble"]["Type"] == "Wait"
    assert {
        catcher["Next"]
        for name, state in states.items()
        if name not in {"NoteTrouble", "ForgetTrouble", "ForgetAnnouncement"}
        for catcher in state.get("Catch", ())
        if catcher["ErrorEquals"] == ["States.ALL"]
    } == {"NoteTrouble"}
    assert states["NoteTrouble"]["Next"] == "WaitOutTrouble"


def test_alarms_reach_an_address_when_the_stage_has_one(stage):
    options = stage("options")
    (topic,) = options.resources("AWS::SNS::Topic")

    told = [each["AlarmActions"] for each in options.properties("AWS::CloudWatch::Alarm")]

    webhooks_not_delivered = 1  # the stage has webhooks
    assert told == [[{"Ref": topic}]] * (len(ALARMS) + webhooks_not_delivered)
    (subscription,) = options.properties("AWS::SNS::Subscription")
    assert subscription["Endpoint"] == "operator@example.org"
    assert stage("prod").resources("AWS::SNS::Topic") == {}


def test_one_dashboard_shows_ingest_functions_and_api(stage):
    (dashboard,) = stage("prod").properties("AWS::CloudWatch::Dashboard")

    body = json.dumps(dashboard["DashboardBody"])

    # The regions of an account share their dashboards.
    assert dashboard["DashboardName"] == {"Fn::Join": ["", ["image-scaler-prod-", {"Ref": "AWS::Region"}]]}
    for metric in ("ExecutionsFailed", "ExecutionTime", "Throttles", "5XXError", "NumberOfMessagesSent"):
        assert metric in body


def test_every_output_that_the_runbook_names_is_one(stage):
    synthesized = stage("options")
    outputs = {*synthesized.pipeline["Outputs"], *synthesized.edge["Outputs"]}

    commands = "\n".join(code(RUNBOOK))
    named = set(re.findall(r"(?<!\.)\b[A-Z][a-z]+[A-Za-z]*(?:Arn|Id|Name|Bucket|Url)\b", commands))

    assert {"StateMachineArn", "DistributionId", "OriginSecretArn"} <= named <= outputs


def test_every_alarm_has_a_section_in_the_runbook(stage):
    sections = {heading.lower() for heading in headings(RUNBOOK)}
    synthesized = stage("options")

    alarms = [
        resource["Properties"]["AlarmDescription"].rpartition("#")[2]
        for template in (synthesized.pipeline, synthesized.edge)
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    ]

    assert {name.lower() for name in (*ALARMS, "RotationFailed", "EdgeLockedOut", "FunctionThrottled")} <= set(alarms)
    assert set(alarms) <= sections
