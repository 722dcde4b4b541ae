"""The local edge understands the Edge template of every stage, and prints what it leaves out."""

import pytest

from local.edge.firewall import Firewall
from local.edge.model import ApiOrigin
from local.edge.template import Template, read_distribution
from tests.unit.edge.conftest import resolver_of


@pytest.mark.parametrize("name", ["local", "dev", "prod", "options", "other"])
def test_nothing_in_any_stage_is_beyond_the_local_edge(stage, name):
    template = Template(stage(name).edge)

    distribution = read_distribution(template, resolver_of(stage(name).edge))
    Firewall(*template.single("AWS::WAFv2::WebACL"))

    assert [behavior.pattern for behavior in distribution.behaviors] == ["/images/*", "/v1/*", "*"]


def test_delivery_v1_has_one_origin_and_public_images_no_signature(stage):
    distribution = read_distribution(Template(stage("other").edge), resolver_of(stage("other").edge))
    images = distribution.behaviors[0]

    assert distribution.groups == {}
    assert [type(origin) for origin in distribution.origins.values()] == [ApiOrigin]
    assert images.target in distribution.origins
    assert images.key_groups == ()


def test_web_origins_that_are_allowed_are_modelled(stage):
    distribution = read_distribution(Template(stage("options").edge), resolver_of(stage("options").edge))

    modelled = {behavior.response_headers.cors for behavior in distribution.behaviors}
    assert {cors and cors.origins for cors in modelled} == {stage("options").config.allowed_origins}
