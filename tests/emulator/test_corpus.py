"""Uploads of tests/corpus through the deployed pipeline: what the record shows, and the look of what is served.

The uploads share one run, a few at a time; each case then looks at its own end. `make test` sends those that no
presigned form lets pass and every tenth of the others; `make test-long` sends all. tests/unit/corpus decodes and
renders every one in both.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import pytest

from tests.corpus.case import Case, Look
from tests.corpus.cases import CASES
from tests.corpus.looks import differences
from tests.counted import counted
from tests.deployed import DeployedPipeline, Ended

AT_A_TIME = 6
"""Simultaneous uploads: below the concurrency that the local stage reserves for each function."""

EVERY = counted(usual=10, long=1)
SENT = [case for number, case in enumerate(CASES) if number % EVERY == 0 or case.past_api]


@dataclass(frozen=True)
class Walked:
    """How a case ended, and what was served of it where something was published."""

    ended: Ended
    answer: httpx.Response | None


@pytest.fixture(scope="module")
def walks(deployed: DeployedPipeline) -> Iterator[dict[str, "Future[Walked]"]]:
    deployed.rekognition.reset()
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        yield {case.name: pool.submit(walk, deployed, case) for case in SENT}
        pool.shutdown(cancel_futures=True)


def walk(deployed: DeployedPipeline, case: Case) -> Walked:
    body = case.build()
    if case.past_api:
        image_id = deployed.client.ask_for_upload(deployed.a_small_upload(), "PUT")["id"]
        deployed.put_original(image_id, body, case.content_type)
    else:
        image_id = deployed.upload(body, case.content_type)
    ended = deployed.end_of(image_id)
    published = ended.status == "PUBLISHED" and isinstance(case.expected, Look)
    return Walked(ended, deployed.client.variant(image_id, **case.expected.variant) if published else None)


def named(*, refused: bool) -> list:
    return [pytest.param(case, id=case.name) for case in SENT if case.is_refused is refused]


@pytest.mark.parametrize("case", named(refused=False))
def test_a_good_upload_is_published_and_looks_as_it_should(walks, case):
    walked = walks[case.name].result()

    assert walked.ended.status == "PUBLISHED", walked.ended.record
    original = walked.ended.record["original"]
    assert (original["width"], original["height"]) == (case.expected.original or case.expected.size)
    assert walked.answer.status_code == 200, walked.answer.text
    assert differences(case.expected, walked.answer.content, walked.answer.headers["Content-Type"]) == []


@pytest.mark.parametrize("case", named(refused=True))
def test_a_bad_upload_is_rejected_for_one_reason_with_its_sentence(walks, case):
    ended = walks[case.name].result().ended

    assert (ended.status, ended.record.get("reason")) == ("REJECTED", case.expected.reason), ended.record
    assert case.expected.fits(ended.record["detail"]), ended.record["detail"]
    assert ended.execution["status"] == "SUCCEEDED"
