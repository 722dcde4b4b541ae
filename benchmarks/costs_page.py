"""`python -m benchmarks.costs_page`: writes the tables of docs/costs.md from the cost model (`make costs`)."""

from pathlib import Path
from typing import Final

from image_scaler.costs.tables import page

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "costs.md"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
