"""Runs the documents' commands exactly as they are written, against a running instance."""

import os
import subprocess
from pathlib import Path

import pytest

from local.access import Access
from tests.documents import CHECKOUT, blocks_between


def code_between(mark: str, document: Path, language: str) -> str:
    """Return what a reader types: the blocks of a language between two marks, as one script."""
    return "\n".join(blocks_between(document, mark, language))


@pytest.fixture
def checkout_with_the_instance(pipeline, tmp_path):
    """A folder that looks like a checkout after `make up`: .local is the instance that the tests run."""
    for name in ("samples", "node_modules", ".venv"):
        (tmp_path / name).symlink_to(CHECKOUT / name)
    (tmp_path / ".local").symlink_to(Path(pipeline.outputs.ca_file).parents[1])
    return tmp_path


@pytest.fixture
def typed(checkout_with_the_instance):
    """Return a function that runs a script as a reader's shell does; the command is on the path."""

    def run(script: str) -> subprocess.CompletedProcess[str]:
        path = f"{checkout_with_the_instance / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=checkout_with_the_instance, capture_output=True, text=True,
            timeout=900, check=False, env={**os.environ, "PATH": path},
        )  # fmt: skip
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done

    return run


def test_the_first_upload_is_five_commands_that_work_as_typed(typed, checkout_with_the_instance):
    script = code_between("first-upload", CHECKOUT / "README.md", "sh")

    done = typed(script)

    assert len(script.strip().splitlines()) == 5
    assert "PUBLISHED" in done.stdout
    assert "knife.jpg: BLURRED" in done.stderr
    assert "truncated.jpg: REJECTED CORRUPT" in done.stderr
    assert done.stdout.splitlines()[-1].endswith("REMOVED")
    assert (checkout_with_the_instance / ".local" / "cat.jpg").read_bytes().startswith(b"\xff\xd8")


def test_the_same_calls_work_with_curl_line_by_line(typed):
    done = typed(code_between("first-upload", CHECKOUT / "docs" / "curl.md", "sh"))

    lines = done.stdout.splitlines()
    assert {"PUBLISHED", "BLURRED"} <= set(lines)
    assert {f"200 image/{name}" for name in ("jpeg", "webp", "avif")} <= {" ".join(line.split()[:2]) for line in lines}
    assert lines[-1] == "410"


def test_the_examples_of_the_client_work_one_after_the_other(pipeline, checkout_with_the_instance, monkeypatch):
    monkeypatch.chdir(checkout_with_the_instance)
    shown, removal = code_between("example", CHECKOUT / "docs" / "client.md", "python").split("client.delete")
    with Access(pipeline.outputs) as access:
        names = {"client": access.client}

        exec(compile(shown, "docs/client.md", "exec"), names)
        assert access.http.get(names["address"]).headers["content-type"] == "image/webp"
        assert names["srcset"].endswith(" 451w")
        assert names["square"].endswith(" 300w")
        assert names["image"].is_served

        exec(compile(f"client.delete{removal}", "docs/client.md", "exec"), names)
        assert access.client.get(names["upload"].id).status == "REMOVED"
