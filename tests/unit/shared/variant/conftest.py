from collections.abc import Iterator

import pytest

from tests.unit.shared.variant.edge_function import EdgeFunction


@pytest.fixture(scope="session")
def edge() -> Iterator[EdgeFunction]:
    function = EdgeFunction()
    yield function
    function.close()
