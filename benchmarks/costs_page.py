"""`python -m benchmarks.costs_page`: writes the tables of docs/costs.md from the cost model (`make costs`)."""

from pathlib import Path
from typing import Final

from benchmarks.pages import with_tables
from image_scaler.costs.tables import TABLES

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "costs.md"


def page(text: str) -> str:
    """Return the page with its tables replaced."""
    return with_tables(text, {key: table() for key, table in TABLES.items()})


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
