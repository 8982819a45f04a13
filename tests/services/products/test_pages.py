"""The pages that are made from the code are what it makes now."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", ["loan_mappings_page", "term_sheets_page", "products_page"])
def test_page__is_up_to_date(name: str):
    script = runpy.run_path(str(ROOT / "scripts" / f"{name}.py"))
    written = script["PAGE"].read_text(encoding="utf-8")
    assert written == script["page"](), f"run: python scripts/{name}.py --write"
