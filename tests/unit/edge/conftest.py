"""The synthesized Edge template of stage local, as a document that a test may change."""

import copy
import json
import shutil

import pytest

from cdk.cached_folder import cached_folder
from local.digests import digest_of
from local.edge.intrinsics import Resolver
from local.edge.template import Template
from local.workspace import CHECKOUT

INPUTS = ("cdk", "workflows", "functions/shared", "cdk.json", "openapi.yaml", "requirements", "tests/infrastructure")
"""What decides the template; the functions' zips decide no more than the names of assets."""


@pytest.fixture(scope="session")
def synthesized():
    """The template, kept in build/ by the digest of its inputs: a synth takes ten seconds."""
    roots = [CHECKOUT / name for name in INPUTS]
    files = [path for root in roots for path in (root.rglob("*") if root.is_dir() else [root])]
    digest = digest_of(CHECKOUT, (path for path in files if "__pycache__" not in path.parts))
    folder = cached_folder(CHECKOUT / "build" / "edge-templates" / digest, synthesize_into)
    return json.loads((folder / "template.json").read_text())


def synthesize_into(folder):
    from aws_cdk import App  # takes seconds to import

    from cdk.app import add_stacks
    from cdk.config import STAGES
    from cdk.packaging import Arch, build_all
    from tests.infrastructure.conftest import signing_keys

    context = json.loads((CHECKOUT / "cdk.json").read_text())["context"]
    app = App(context=context, outdir=str(folder / "assembly"))
    _, edge = add_stacks(app, STAGES["local"], build_all(Arch.HOST), signing_keys())
    template = app.synth().get_stack_by_name(edge.stack_name).template
    (folder / "template.json").write_text(json.dumps(template))
    shutil.rmtree(folder / "assembly")


@pytest.fixture
def document(synthesized):
    return copy.deepcopy(synthesized)


@pytest.fixture
def resolver(synthesized):
    return resolver_of(synthesized)


def resolver_of(document):
    imports = set()

    def collect(value):
        if isinstance(value, dict):
            if set(value) == {"Fn::ImportValue"}:
                imports.add(value["Fn::ImportValue"])
            for each in value.values():
                collect(each)
        elif isinstance(value, list):
            for each in value:
                collect(each)

    collect(document)
    values = {name: "bucket.s3.us-east-1.amazonaws.com" if "Regional" in name else "api1" for name in imports}
    pseudo = {"AWS::Region": "us-east-1", "AWS::URLSuffix": "amazonaws.com", "AWS::Partition": "aws"}
    return Resolver(references=pseudo, imports=values)


@pytest.fixture
def template(document):
    return Template(document)
