"""The page of terms says what the code says."""

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "terms_page.py"))


def test_terms_page__is_up_to_date() -> None:
    written = SCRIPT["PAGE"].read_text(encoding="utf-8")
    assert written == SCRIPT["page"](), "run: python scripts/terms_page.py --write"
