"""The page of checks says what the code says, and every check is made."""

import runpy
from pathlib import Path

from karez.engines.trust import ALL
from karez.engines.trust.assess import _ALONE, _WITH_GROUPS

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "checks_page.py"))


def test_checks_page__is_up_to_date():
    written = SCRIPT["PAGE"].read_text(encoding="utf-8")
    assert written == SCRIPT["page"](), "run: python scripts/checks_page.py --write"


def test_checks__each_has_one_function():
    assert sorted([*_ALONE, *_WITH_GROUPS]) == sorted(ALL)
