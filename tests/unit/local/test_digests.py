"""What `make up` compares: a process's digest changes with the code that it runs, and with no other."""

import shutil

import pytest

from local.digests import CodeDigests
from local.workspace import CHECKOUT


@pytest.fixture
def checkout(tmp_path):
    """A copy of the code, of which the import graph is that of the real one."""
    for name in ("local", "functions", "cdk", "image_scaler"):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "dev.txt").write_text("httpx==1")
    return tmp_path


PROCESSES = ("local.edge", "local.rekognition", "local.browser_s3", "local.webhooks")


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("local/edge/cache.py", {"local.edge"}),
        ("local/edge/javascript.js", {"local.edge"}),
        ("local/rekognition/known_pictures.json", {"local.rekognition"}),
        ("local/browser_s3/cors.py", {"local.browser_s3"}),
        ("local/aws.py", {"local.edge"}),
        ("local/prerequisites.py", set(PROCESSES)),
        ("requirements/dev.txt", set(PROCESSES)),
        ("local/demo/run.py", set()),
        ("functions/serve/handler.py", set()),
    ],
)
def test_a_change_reaches_the_processes_that_run_it(checkout, file, changed):
    before = {process: CodeDigests(checkout).of_process(process) for process in PROCESSES}
    with (checkout / file).open("a") as edited:
        edited.write("\n")

    after = {process: CodeDigests(checkout).of_process(process) for process in PROCESSES}

    assert {process for process in PROCESSES if before[process] != after[process]} == changed


def test_a_file_that_does_not_exist_yet_changes_the_digest_when_it_comes(checkout):
    code = CodeDigests(checkout)
    before = code.of_files(["local/not_there_yet.py"])

    (checkout / "local" / "not_there_yet.py").touch()

    assert code.of_files(["local/not_there_yet.py"]) != before
