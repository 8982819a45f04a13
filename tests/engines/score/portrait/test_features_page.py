"""The page of features says what the code says."""

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "features_page.py"))


def test_features_page__is_up_to_date():
    written = SCRIPT["PAGE"].read_text(encoding="utf-8")
    assert written == SCRIPT["page"](), "run: python scripts/features_page.py --write"
