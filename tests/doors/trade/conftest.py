"""The real documents that lie beside the checkout."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engines.servicing.test_shared_cases import around

DATA = Path("shared") / "data"


@pytest.fixture
def shared() -> Callable[[str], Path]:
    """Gives a folder of real data; the test is skipped where it is not there."""

    def find(name: str) -> Path:
        found = next((f / DATA / name for f in around() if (f / DATA / name).exists()), None)
        if found is None:
            pytest.skip(f"there is no {DATA / name} beside the repository")
        return found

    return find
