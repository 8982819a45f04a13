"""The page of facts says what the schemas say."""

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "facts_page.py"))


def test_facts_page__is_up_to_date() -> None:
    written = SCRIPT["PAGE"].read_text(encoding="utf-8")
    assert written == SCRIPT["page"](), "run: python scripts/facts_page.py --write"
