"""Real files through the deployed pipeline, from the declared type to the bytes that are served.

The files share one run, a few at a time. `make test` sends all whose declared type matters and every tenth of the
others; `make test-long` sends all. tests/unit/corpus/test_files.py decodes and renders every one in both.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from image_scaler.client import InvalidRequestError
from tests.corpus.files import RealFile, real_files
from tests.counted import counted
from tests.deployed import WITHIN_SECONDS, DeployedPipeline

AT_A_TIME = 6
"""Simultaneous uploads: below the concurrency that the local stage reserves for each function."""

EVERY = counted(usual=10, long=1)
FILES = [file for number, file in enumerate(real_files()) if number % EVERY == 0 or file.group == "declared type"]


@pytest.fixture(scope="module")
def faults(deployed: DeployedPipeline) -> Iterator[dict[str, "Future[list[str]]"]]:
    deployed.rekognition.reset()
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        yield {file.name: pool.submit(faults_of, deployed, file) for file in FILES}
        pool.shutdown(cancel_futures=True)


def faults_of(deployed: DeployedPipeline, file: RealFile) -> list[str]:
    try:
        image_id = deployed.upload(file.body, file.declared, way="api" if file.direct else "put", name=file.file)
    except InvalidRequestError:
        return [] if "REJECTED" in file.status else ["the API refused it"]
    record = deployed.client.wait(image_id, within_seconds=WITHIN_SECONDS)
    found = [f"{name} is {record.get(name)}" for name, value in file.record.items() if record.get(name) != value]
    if record["status"] == "REJECTED":
        return [*found, *file.faults_of_refusal(record["reason"], record["detail"])]
    if record["status"] != "PUBLISHED":
        return [*found, f"the status is {record['status']}"]
    served = {}
    for name in file.formats:
        answer = deployed.client.variant(image_id, **({"format": name} if name else {}))
        if answer.status_code != 200:
            return [*found, f"format {name or 'auto'}: {answer.status_code}"]
        served[name] = answer.content
    return [*found, *file.faults_of_picture(served)]


@pytest.mark.parametrize("file", [pytest.param(each, id=each.name) for each in FILES])
def test_a_real_file_ends_as_a_client_expects(faults, file):
    assert faults[file.name].result() == []
