"""Removes one grant of the functions' roles at a time, and reports which test of the emulator layer fails.

    .venv/bin/python scripts/remove_grants.py [--only sweep] [--tests tests/emulator/test_sweep.py] [--resume]

A grant is one action of one statement in a role's policy. The emulator enforces the roles, so if no test fails without
a grant, the grant is unnecessary or untested. Not part of `make test`: it runs the emulator tests once per grant.
Progress is stored in build/grants.json, so that an interrupted run can continue with --resume.
"""

import argparse
import copy
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from local import aws  # noqa: E402 -- the checkout must be on the path first
from local.console import Progress  # noqa: E402
from local.instance import Instance  # noqa: E402
from local.outputs import Outputs  # noqa: E402
from local.workspace import Workspace  # noqa: E402

RESULTS = CHECKOUT / "build" / "grants.json"
TESTS = (
    "tests/emulator",
    "tests/e2e/test_http.py",
    "tests/e2e/test_edge_prewarming.py",
    "tests/e2e/test_edge_refinement.py",
    "tests/e2e/test_webhooks.py",
)
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
POLLER = ("ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueUrl", "GetQueueAttributes")
NOT_ENFORCED = ("logs:", "xray:", "rekognition:")
"""Services whose actions the emulator does not check: assertions on the template cover these grants."""
NOT_ENFORCED_HERE = frozenset(
    {
        ("moderate", "s3:GetObject"),
        ("remove", "s3:DeleteObjectVersion"),
        *((function, f"sqs:{action}") for function in ("admit", "prewarm", "refine", "webhook") for action in POLLER),
    }
)
"""On AWS Rekognition reads the proxy with its caller's permissions; the stand-in uses its own. The emulator requires
only s3:DeleteObject for a batch with versions. Lambda's poller reads a function's queue with the function's role; the
emulator's does not."""


@dataclass(frozen=True)
class Grant:
    """One action of one statement of a policy of a function's role."""

    function: str
    role: str
    policy: str
    statement: int
    action: str
    resource: str

    @property
    def is_enforced(self) -> bool:
        """Whether the emulator checks it."""
        return not self.action.startswith(NOT_ENFORCED) and (self.function, self.action) not in NOT_ENFORCED_HERE


@dataclass(frozen=True)
class Finding:
    """The result without a grant: the first test that failed, or none."""

    function: str
    action: str
    resource: str
    noticed_by: str | None
    is_enforced: bool = True


def as_list(value: Any) -> list[Any]:
    """Return a policy's value as a list, even if it is a single value."""
    return value if isinstance(value, list) else [value]


def plain_name(arn: str) -> str:
    """Return an ARN's resource without the stack's prefix and the random suffixes."""
    name = arn.rsplit(":", 1)[-1]
    return re.sub(r"imagescaler-local-pipeline-|-[0-9a-f]{12,}", "", name, flags=re.IGNORECASE)


def grants_of(iam: Any, function: str, role: str) -> Iterator[Grant]:
    """Yield every grant of a role's inline policies."""
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        for place, statement in enumerate(as_list(document["Statement"])):
            resource = ", ".join(plain_name(each) for each in as_list(statement.get("Resource", "*")))
            for action in as_list(statement["Action"]):
                if statement["Effect"] == "Allow":
                    yield Grant(function, role, policy, place, action, resource)


def without(document: dict[str, Any], grant: Grant) -> dict[str, Any]:
    """Return a policy document without one action of one statement."""
    changed = copy.deepcopy(document)
    changed["Statement"] = as_list(changed["Statement"])
    statement = changed["Statement"][grant.statement]
    statement["Action"] = [action for action in as_list(statement["Action"]) if action != grant.action]
    if not statement["Action"]:
        del changed["Statement"][grant.statement]
    return changed


def first_failure(home: Path, tests: Sequence[str]) -> str | None:
    """Run tests against the running instance, stop at the first failure and return its name."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *tests, "-x", "-q", "-p", "no:cacheprovider", "--no-header"],
        cwd=CHECKOUT,
        env={**os.environ, "IMAGE_SCALER_INSTANCE": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    failed = FAILED.search(done.stdout)
    if done.returncode not in {0, 1} or (done.returncode == 1 and failed is None):
        sys.exit(f"pytest did not finish:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return failed[1].removeprefix("tests/") if failed else None


def examine(iam: Any, grant: Grant, home: Path, tests: Sequence[str]) -> Finding:
    """Remove a grant, run the tests, and restore it."""
    document = iam.get_role_policy(RoleName=grant.role, PolicyName=grant.policy)["PolicyDocument"]
    reduced = without(document, grant)
    try:
        if reduced["Statement"]:
            iam.put_role_policy(RoleName=grant.role, PolicyName=grant.policy, PolicyDocument=json.dumps(reduced))
        else:
            iam.delete_role_policy(RoleName=grant.role, PolicyName=grant.policy)
        noticed_by = first_failure(home, tests)
    finally:
        iam.put_role_policy(RoleName=grant.role, PolicyName=grant.policy, PolicyDocument=json.dumps(document))
    return Finding(grant.function, grant.action, grant.resource, noticed_by)


def all_grants(outputs: Outputs, iam: Any, only: str | None) -> list[Grant]:
    """Return the grants of every function's role, or of one function's."""
    lambda_ = aws.client("lambda", outputs)
    grants: list[Grant] = []
    for function, physical in outputs.functions.items():
        if only in {None, function}:
            role = lambda_.get_function_configuration(FunctionName=physical)["Role"].rsplit("/", 1)[-1]
            grants += grants_of(iam, function, role)
    return grants


def table(findings: list[Finding]) -> str:
    """Return the findings as a Markdown table."""
    rows = ["| function | grant | on | the first test that fails without it |", "|---|---|---|---|"]
    for each in findings:
        unseen = "**no test**" if each.is_enforced else "not enforced here: template assertion"
        rows.append(f"| {each.function} | {each.action} | {each.resource} | {each.noticed_by or unseen} |")
    return "\n".join(rows)


def main() -> None:
    """Examine all grants on one new instance."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="FUNCTION", help="examine one function's role")
    parser.add_argument("--tests", metavar="FILE", nargs="+", default=TESTS, help="run these tests only")
    parser.add_argument("--resume", action="store_true", help="keep the findings of an interrupted run")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    home = CHECKOUT / ".local" / "grants"
    findings = [Finding(**each) for each in json.loads(RESULTS.read_text())] if arguments.resume else []
    known = {(each.function, each.action, each.resource) for each in findings}
    progress = Progress()
    with Instance(Workspace(home), progress).running() as outputs:
        iam = aws.client("iam", outputs)
        if (broken := first_failure(home, arguments.tests)) is not None:
            sys.exit(f"{broken} fails with all grants in place; fix it first")
        for grant in all_grants(outputs, iam, arguments.only):
            if (grant.function, grant.action, grant.resource) in known:
                continue
            if not grant.is_enforced:
                findings.append(Finding(grant.function, grant.action, grant.resource, None, is_enforced=False))
                continue
            with progress.step(f"{grant.function} without {grant.action} on {grant.resource}"):
                findings.append(examine(iam, grant, home, arguments.tests))
            RESULTS.parent.mkdir(exist_ok=True)
            RESULTS.write_text(json.dumps([asdict(each) for each in findings], indent=2))
    print(table(findings))  # noqa: T201 -- the report
    unseen = [each for each in findings if each.noticed_by is None and each.is_enforced]
    sys.exit(f"no test fails without {len(unseen)} of {len(findings)} grants" if unseen else 0)


if __name__ == "__main__":
    main()
