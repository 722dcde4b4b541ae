"""Delivery v1, deployed: no bucket before the API, every miss is computed, nothing is kept but at the edge."""

from concurrent.futures import ThreadPoolExecutor

from local import aws
from tests import pictures
from tests.e2e.edge import eventually, runs
from tests.e2e.test_edge_delivery import HIT, MISS, trace


def computed(answer):
    """Return whether serve loaded a rendition and encoded a picture for this response."""
    phases = {each.strip().partition(";")[0] for each in answer.headers["server-timing"].split(",")}
    return {"fetch", "encode"} <= phases and "store" not in phases


def test_the_deployed_edge_has_no_origin_group_and_no_bucket(deployed_v1):
    distribution = deployed_v1.outputs.edge_stack["DistributionId"]
    config = aws.client("cloudfront", deployed_v1.outputs).get_distribution_config(Id=distribution)[
        "DistributionConfig"
    ]

    assert config.get("OriginGroups", {}).get("Items", []) == []
    assert [".execute-api." in origin["DomainName"] for origin in config["Origins"]["Items"]] == [True]


def test_the_deployed_function_knows_its_delivery(deployed, deployed_v1):
    def delivery(pipeline):
        answer = pipeline.lambda_.get_function_configuration(FunctionName=pipeline.outputs.functions["serve"])
        return answer["Environment"]["Variables"]["DELIVERY"]

    assert (delivery(deployed), delivery(deployed_v1)) == ("v2", "v1")


def test_every_miss_reaches_serve_through_the_firewall_and_is_computed(deployed_v1, viewer_v1, picture_v1):
    before = runs(deployed_v1.outputs)["serve"]

    answers = [viewer_v1.get(picture_v1, f"width={width}&format=jpeg") for width in (96, 320, 640)]

    assert [trace(answer) for answer in answers] == [["firewall AllowTheEdge", "api 200"]] * 3
    assert [answer.headers["x-cache"] for answer in answers] == [MISS] * 3
    assert all(computed(answer) for answer in answers)
    assert runs(deployed_v1.outputs)["serve"] - before == 3


def test_nothing_is_stored_so_an_evicted_variant_is_computed_again(deployed_v1, viewer_v1, picture_v1):
    query = "width=828&format=webp"
    first = viewer_v1.get(picture_v1, query)
    deployed_v1.client.forget(picture_v1)

    second = eventually(lambda: answer if trace(answer := viewer_v1.get(picture_v1, query)) else None)

    assert computed(first)
    assert computed(second)
    assert second.content == first.content
    assert deployed_v1.keys("generated") == []


def test_the_second_request_is_a_hit_and_no_function_runs(deployed_v1, viewer_v1, picture_v1):
    first = viewer_v1.get(picture_v1, "width=1080&format=jpeg")
    before = runs(deployed_v1.outputs)

    second = viewer_v1.get(picture_v1, "w=1080&f=jpg")

    assert (second.headers["x-cache"], second.content) == (HIT, first.content)
    assert runs(deployed_v1.outputs) == before


def test_twenty_clients_that_ask_at_once_are_one_computation(deployed_v1, viewer_v1, picture_v1):
    before = runs(deployed_v1.outputs)["serve"]

    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(lambda _: viewer_v1.get(picture_v1, "width=1200&format=png&fit=inside"), range(20)))

    assert {(answer.status_code, answer.content == answers[0].content) for answer in answers} == {(200, True)}
    assert runs(deployed_v1.outputs)["serve"] - before == 1


def test_without_a_signature_requests_are_refused(viewer_v1, picture_v1):
    assert viewer_v1.http.get(viewer_v1.image_url(picture_v1)).status_code == 403


def test_a_signature_of_the_other_stages_edge_opens_nothing(viewer, viewer_v1, picture_v1):
    signed = viewer.signer.sign_url(viewer_v1.image_url(picture_v1), viewer_v1.policy(picture_v1))

    assert viewer_v1.http.get(signed).status_code == 403


def test_the_firewall_refuses_requests_that_bypass_the_edge(deployed_v1, viewer_v1, picture_v1):
    url = f"{deployed_v1.outputs.api_url}/images/{picture_v1}?width=320"
    guessed = {"X-Origin-Verify": "guess", "X-Viewer-Address": "192.0.2.1"}

    assert [viewer_v1.http.get(url, headers=headers).status_code for headers in ({}, guessed)] == [403, 403]


def test_a_removed_picture_is_purged_from_the_cache(deployed_v1, viewer_v1):
    ended = deployed_v1.run(pictures.jpeg(800, 600))
    viewer_v1.get(ended.image_id)
    assert viewer_v1.get(ended.image_id).headers["x-cache"] == HIT

    assert viewer_v1.call("DELETE", f"/v1/images/{ended.image_id}").status_code == 202

    eventually(lambda: viewer_v1.get(ended.image_id).status_code == 410)
