"""Deploys the Edge template to the emulator, so that AWS's own API calls affect the edge server.

The emulator's CloudFormation refuses a few types, and its Ref of a secret is a name instead of an ARN. These resources
are created with their service's API instead, and references to them get their ids. The rest of the template goes to
CloudFormation unchanged.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from local.aws import client
from local.edge.intrinsics import Resolver
from local.edge.properties import UnmodelledError
from local.edge.template import NOT_RUN, Template
from local.emulator import ACCOUNT, REGION
from local.errors import LocalError
from local.outputs import Outputs

MADE_BY_API: Final = frozenset(
    {
        "AWS::CloudFront::KeyGroup",
        "AWS::CloudFront::PublicKey",
        "AWS::SecretsManager::Secret",
        "AWS::WAFv2::RegexPatternSet",
        "AWS::WAFv2::WebACLAssociation",
    }
)
"""Types that the emulator's services support better than its CloudFormation."""

PSEUDO_PARAMETERS: Final = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::URLSuffix": "amazonaws.com",
}
_DEPLOY_SECONDS: Final = 120.0


@dataclass(frozen=True)
class DeployedEdge:
    """The ids of the emulator's resources that the edge server watches.

    ``key_groups`` and ``pattern_sets`` are physical ids by logical id; pattern sets also have a name. ``key_pair_ids``
    are the ids of all trusted public keys. ``outputs`` are the stack's.
    """

    distribution_id: str
    key_groups: Mapping[str, str]
    pattern_sets: Mapping[str, tuple[str, str]]
    key_pair_ids: tuple[str, ...]
    outputs: Mapping[str, str]


def imports_of(outputs: Outputs) -> dict[str, str]:
    """Return the exports of other stacks, by name."""
    pages = client("cloudformation", outputs).get_paginator("list_exports").paginate()
    return {export["Name"]: export["Value"] for page in pages for export in page["Exports"]}


def deploy(template_file: Path, outputs: Outputs) -> DeployedEdge:
    """Create or update the deployment of the template and return its ids. Raises LocalError."""
    document = json.loads(template_file.read_text())
    stack_name = template_file.name.removesuffix(".template.json")
    return _EdgeDeployment(document, stack_name, template_file.parent, outputs).deploy()


class _EdgeDeployment:
    def __init__(self, document: dict[str, Any], stack_name: str, assembly: Path, outputs: Outputs) -> None:
        self._document = document
        self._template = Template(document)
        self._stack_name = stack_name
        self._assembly = assembly
        self._outputs = outputs
        self._formation = client("cloudformation", outputs)
        self._cloudfront = client("cloudfront", outputs)
        self._firewall = client("wafv2", outputs)
        self._references: dict[str, str] = {}
        self._attributes: dict[tuple[str, str], str] = {}
        self._secrets: dict[str, str] = {}
        self._pattern_sets: dict[str, tuple[str, str]] = {}

    def deploy(self) -> DeployedEdge:
        key_pair_ids = self._make_keys()
        key_groups = self._make_key_groups()
        self._make_secrets()
        self._make_pattern_sets()
        ids = self._deploy_stack(self._publish_assets())
        self._associate(ids)
        distribution, _ = self._template.single("AWS::CloudFront::Distribution")
        stack = self._formation.describe_stacks(StackName=self._stack_name)["Stacks"][0]
        return DeployedEdge(
            distribution_id=ids[distribution],
            key_groups=key_groups,
            pattern_sets=self._pattern_sets,
            key_pair_ids=tuple(key_pair_ids),
            outputs={each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])},
        )

    def _make_keys(self) -> list[str]:
        listed = self._cloudfront.list_public_keys()["PublicKeyList"].get("Items", [])
        existing = {(each["Name"], each["EncodedKey"]): each["Id"] for each in listed}
        made = []
        for name, properties in self._template.of_type("AWS::CloudFront::PublicKey").items():
            config = Resolver(references=PSEUDO_PARAMETERS).resolve(properties["PublicKeyConfig"])
            key_id = existing.get((config["Name"], config["EncodedKey"]))  # stages may share a key pair, but not its id
            if key_id is None:
                key_id = self._cloudfront.create_public_key(PublicKeyConfig=config)["PublicKey"]["Id"]
            self._references[name] = key_id
            made.append(key_id)
        return made

    def _make_key_groups(self) -> dict[str, str]:
        """Create the groups; existing ones get the template's keys."""
        listed = self._cloudfront.list_key_groups()["KeyGroupList"].get("Items", [])
        existing = {each["KeyGroup"]["KeyGroupConfig"]["Name"]: each["KeyGroup"] for each in listed}
        made = {}
        for name, properties in self._template.of_type("AWS::CloudFront::KeyGroup").items():
            references = {**PSEUDO_PARAMETERS, **self._references}
            config = Resolver(references=references).resolve(properties["KeyGroupConfig"])
            group = existing.get(config["Name"])
            if group is None:
                group = self._cloudfront.create_key_group(KeyGroupConfig=config)["KeyGroup"]
            elif group["KeyGroupConfig"]["Items"] != config["Items"]:
                etag = self._cloudfront.get_key_group(Id=group["Id"])["ETag"]
                self._cloudfront.update_key_group(Id=group["Id"], IfMatch=etag, KeyGroupConfig=config)
            made[name] = group["Id"]
        self._references.update(made)
        return made

    def _make_secrets(self) -> None:
        """Create the secrets; existing ones keep their values, which may have been rotated."""
        manager = client("secretsmanager", self._outputs)
        for name, properties in self._template.of_type("AWS::SecretsManager::Secret").items():
            secret_name = f"{self._stack_name}-{name}"
            try:
                known = manager.get_secret_value(SecretId=secret_name)
                arn, value = known["ARN"], known["SecretString"]
            except manager.exceptions.ResourceNotFoundException:
                value = manager.get_random_password(**properties["GenerateSecretString"])["RandomPassword"]
                arn = manager.create_secret(Name=secret_name, SecretString=value)["ARN"]
            self._references[name] = arn
            self._secrets[arn] = value

    def _make_pattern_sets(self) -> None:
        """Create the sets as CloudFormation would, with the secrets' values instead of the references.

        Existing sets keep their patterns: a rotation writes them.
        """
        resolver = Resolver(references={**PSEUDO_PARAMETERS, **self._references})
        existing = {
            each["Name"]: each for each in self._firewall.list_regex_pattern_sets(Scope="REGIONAL")["RegexPatternSets"]
        }
        for name, properties in self._template.of_type("AWS::WAFv2::RegexPatternSet").items():
            patterns = [self._with_secret(text) for text in resolver.resolve(properties["RegularExpressionList"])]
            summary = (
                existing.get(properties["Name"])
                or self._firewall.create_regex_pattern_set(
                    Name=properties["Name"],
                    Scope=properties["Scope"],
                    RegularExpressionList=[{"RegexString": pattern} for pattern in patterns],
                )["Summary"]
            )
            self._pattern_sets[name] = (summary["Id"], properties["Name"])
            self._attributes[name, "Arn"] = summary["ARN"]
            self._attributes[name, "Id"] = summary["Id"]

    def _with_secret(self, text: str) -> str:
        before, found, rest = text.partition("{{resolve:secretsmanager:")
        arn, end, after = rest.partition(":SecretString:::}}")
        if not found or not end:
            raise UnmodelledError(f"a pattern must contain one reference to a whole secret, not {text}")
        return before + self._secrets[arn] + after

    def _publish_assets(self) -> str:
        """Copy the functions' zips to the bucket that the template expects; return its name."""
        bucket = ""
        manifest = json.loads((self._assembly / f"{self._stack_name}.assets.json").read_text())
        storage = client("s3", self._outputs)
        for asset in manifest["files"].values():
            if asset["source"]["packaging"] != "file":
                raise LocalError("an asset of the Edge stack is a folder; functions must be zips")
            for place in asset["destinations"].values():
                bucket = place["bucketName"]
                for name, value in PSEUDO_PARAMETERS.items():
                    bucket = bucket.replace(f"${{{name}}}", value)
                storage.upload_file(str(self._assembly / asset["source"]["path"]), bucket, place["objectKey"])
        return bucket

    def _deploy_stack(self, bucket: str) -> dict[str, str]:
        """Create or update the stack with the types that the emulator supports; return physical ids by logical id.

        The template is uploaded to ``bucket``, as the CDK does: a request is limited to 51,200 bytes of it.
        """
        body = json.dumps(self._reduced(), sort_keys=True)
        deployed = self._deployed_template()
        if body != deployed:
            key = f"{self._stack_name}.template.json"
            client("s3", self._outputs).put_object(Bucket=bucket, Key=key, Body=body.encode())
            change = self._formation.update_stack if deployed else self._formation.create_stack
            change(
                StackName=self._stack_name,
                TemplateURL=f"{self._outputs.emulator_url}/{bucket}/{key}",
                Capabilities=["CAPABILITY_IAM"],
            )
        deadline = time.monotonic() + _DEPLOY_SECONDS
        while (stack := self._formation.describe_stacks(StackName=self._stack_name)["Stacks"][0])[
            "StackStatus"
        ].endswith("IN_PROGRESS"):
            if time.monotonic() > deadline:
                raise LocalError(f"{self._stack_name} is not deployed after {_DEPLOY_SECONDS:.0f} s")
            time.sleep(0.2)
        if stack["StackStatus"] not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            reasons = [
                f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
                for event in self._formation.describe_stack_events(StackName=self._stack_name)["StackEvents"]
                if event["ResourceStatus"].endswith("FAILED")
            ]
            raise LocalError(f"{self._stack_name} is {stack['StackStatus']}: " + "; ".join(reasons))
        resources = self._formation.describe_stack_resources(StackName=self._stack_name)["StackResources"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}

    def _deployed_template(self) -> str | None:
        """Return the text of the deployed template, or None if there is no such stack."""
        try:
            template = self._formation.get_template(StackName=self._stack_name)["TemplateBody"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            return None
        return template if isinstance(template, str) else json.dumps(template, sort_keys=True)

    def _reduced(self) -> dict[str, Any]:
        """Return the template without the resources that are created by API or not run, with the ids of the former."""
        left_out = {name for name, each in self._template.resources.items() if each["Type"] in MADE_BY_API | NOT_RUN}
        kept = {}
        for name, resource in self._template.resources.items():
            if name in left_out:
                continue
            depends = resource.get("DependsOn", [])
            depends = [each for each in ([depends] if isinstance(depends, str) else depends) if each not in left_out]
            written = self._written_in({**resource, "DependsOn": depends})
            kept[name] = self._as_iam_looks(written) if resource["Type"] == "AWS::IAM::Policy" else written
        return {"Resources": kept, "Outputs": self._written_in(self._document.get("Outputs", {}))}

    def _as_iam_looks(self, policy: Any) -> Any:
        """Return a policy with pattern-set ARNs as the emulator's IAM expects them: as web ACL ARNs of the same
        name."""
        arns = {
            self._attributes[name, "Arn"]: f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/{set_name}/*"
            for name, (_, set_name) in self._pattern_sets.items()
        }
        return with_other_resources(policy, arns)

    def _written_in(self, value: Any) -> Any:
        """Replace references to resources that were created by API with their ids."""
        if isinstance(value, list):
            return [self._written_in(each) for each in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Ref"} and value["Ref"] in self._references:
            return self._references[value["Ref"]]
        if set(value) == {"Fn::GetAtt"} and tuple(value["Fn::GetAtt"]) in self._attributes:
            return self._attributes[tuple(value["Fn::GetAtt"])]
        return {name: self._written_in(each) for name, each in value.items()}

    def _associate(self, ids: Mapping[str, str]) -> None:
        """Associate the web ACL with the API's stage; the emulator records this, and the edge server applies it."""
        acl, _ = self._template.single("AWS::WAFv2::WebACL")
        summaries = self._firewall.list_web_acls(Scope="REGIONAL")["WebACLs"]
        arns = {each["Name"]: each["ARN"] for each in summaries}
        acl_name = self._template.of_type("AWS::WAFv2::WebACL")[acl]["Name"]
        resolver = Resolver(references={**PSEUDO_PARAMETERS, **ids}, imports=imports_of(self._outputs))
        _, association = self._template.single("AWS::WAFv2::WebACLAssociation")
        self._firewall.associate_web_acl(
            WebACLArn=arns[acl_name], ResourceArn=resolver.resolve(association["ResourceArn"])
        )


def with_other_resources(policy: Mapping[str, Any], arns: Mapping[str, str]) -> dict[str, Any]:
    """Return an IAM policy of a template with replaced resources; ``arns`` maps old ARNs to new ones.

    Resources that are not a complete ARN (a reference, a pattern) are not changed.
    """

    def other(resource: Any) -> Any:
        if isinstance(resource, list):
            return [other(each) for each in resource]
        return arns.get(resource, resource) if isinstance(resource, str) else resource

    document = policy["Properties"]["PolicyDocument"]
    statements = [{**each, "Resource": other(each["Resource"])} for each in document["Statement"]]
    return {**policy, "Properties": {**policy["Properties"], "PolicyDocument": {**document, "Statement": statements}}}
