"""The README's first upload is run as it stands there: its own lines, by a shell, against a running instance."""

import re
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
MARKED = re.compile(r"<!-- first-upload -->(.*?)<!-- /first-upload -->", re.DOTALL)
FENCED = re.compile(r"^```(sh|console)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def commands_of(markdown: str) -> str:
    """Return what a reader types: the fenced blocks between the marks; of `console` blocks only what has a prompt."""
    marked = MARKED.search(markdown)
    assert marked, "README.md has no part between <!-- first-upload --> and <!-- /first-upload -->"
    return "\n".join(
        block if language == "sh" else _without_prompts_and_answers(block)
        for language, block in FENCED.findall(marked[1])
    )


def _without_prompts_and_answers(block: str) -> str:
    typed, continued = [], False
    for line in block.splitlines():
        if line.startswith("$ ") or continued:
            typed.append(line.removeprefix("$ ").removeprefix("> ") if not continued else line.removeprefix("> "))
            continued = line.endswith("\\")
    return "\n".join(typed)


@pytest.fixture
def checkout_with_the_instance(pipeline, tmp_path):
    """A folder that looks like a checkout after `make up`: .local is the instance that the tests run."""
    for name in ("samples", "node_modules", ".venv", "image_scaler"):
        (tmp_path / name).symlink_to(CHECKOUT / name)
    (tmp_path / ".local").symlink_to(Path(pipeline.outputs.ca_file).parents[1])
    return tmp_path


def test_the_first_upload_of_the_readme_works_line_by_line(checkout_with_the_instance):
    script = commands_of((CHECKOUT / "README.md").read_text())

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=checkout_with_the_instance, capture_output=True, text=True,
        timeout=180, check=False,
    )  # fmt: skip

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    lines = done.stdout.splitlines()
    assert {"PUBLISHED", "BLURRED"} <= set(lines)
    assert len([line for line in lines if line.startswith("200 image/")]) >= 5
    assert lines[-1] == "410"


def test_of_a_console_block_only_what_is_typed_is_run():
    markdown = "<!-- first-upload -->\n```console\n$ echo one \\\n>   two\none two\n```\n<!-- /first-upload -->"

    assert commands_of(markdown) == "echo one \\\n  two"
