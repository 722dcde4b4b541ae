"""The synthesized Edge template of stage local, as a document that a test may change."""

import copy
import json

import pytest
from aws_cdk import App

from cdk.app import add_stacks
from cdk.config import STAGES
from cdk.packaging import ROOT, Arch, build_all
from local.edge.intrinsics import Resolver
from local.edge.template import Template
from tests.infrastructure.conftest import signing_keys


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory):
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = App(context=context, outdir=str(tmp_path_factory.mktemp("edge")))
    _, edge = add_stacks(app, STAGES["local"], build_all(Arch.HOST), signing_keys())
    return app.synth().get_stack_by_name(edge.stack_name).template


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
