"""docs/aws.md: every row is closed by tests or steps of the smoke test that exist."""

import ast

import pytest

from image_scaler.operator.smoke import STEPS
from tests.unit.docs.test_architecture import CHECKOUT

ROWS = [
    cells
    for line in (CHECKOUT / "docs" / "aws.md").read_text(encoding="utf-8").splitlines()
    if line.startswith(("| E", "| P"))
    for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
]


@pytest.fixture(scope="module")
def known():
    """The names of all test functions."""
    modules = (ast.parse(path.read_text(encoding="utf-8")) for path in (CHECKOUT / "tests").rglob("test_*.py"))
    return {node.name for module in modules for node in ast.walk(module) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_is_closed_by_tests_and_steps_that_exist(row, known):
    named = [each.strip() for each in row[3].split(";")]
    steps = {f"smoke: {step.name}" for step in STEPS}

    assert named[0]
    assert [each for each in named if each not in known | steps] == []


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_step_names_rows_that_exist(step):
    numbers = {number.strip() for row in ROWS for number in row[0].split(",")}

    assert set(step.findings) <= numbers | {"P7"}
