"""``karez loan rescore`` and ``karez report watch``, as people run them."""

import csv
import json
from datetime import date
from pathlib import Path

import attrs
import psycopg
import pytest

from doors.test_cli_application import Lender
from karez.doors.files.score_models import FORMAT
from karez.doors.files.score_recipe import LoanColumns
from karez.engines.score import to_document
from karez.kernel.database import Database, Institution
from karez.services.closing import close_days
from karez.services.evidence import Evidence, KeyFolder
from karez.services.lending import open_chart
from karez.services.origination import Desk
from karez.services.parties import find_party
from services.closing.desk import booking, lend
from services.origination.making import DAY, MILL, SHOP, consent, found, model, trade

LATE = date(2026, 8, 5)


@pytest.fixture
def karez(
    database: Database,
    connection: psycopg.Connection,
    institution: Institution,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Lender:
    """Two borrowers, six days late, of whom one lets its facts be read; and a score in a file."""
    monkeypatch.setenv("KAREZ_DATABASE_URL", database.conninfo)
    monkeypatch.setenv("KAREZ_HOME", str(tmp_path / "home"))
    desk = Desk(
        Evidence(connection, institution, KeyFolder.of(tmp_path / "home", institution.code))
    )
    open_chart(desk.books, "EUR")
    found(desk)
    consent(desk.books, desk.name, purposes=("monitoring",))
    trade(desk)
    owed = [
        booking(number, DAY, borrower_id=find_party(desk.books, who).party_id, pd=0.02)
        for number, who in enumerate((MILL, SHOP), 1)
    ]
    lend(desk.books, owed)
    close_days([desk.books], LATE)
    lender = Lender(tmp_path, capsys)
    score = {
        "format": FORMAT, "loans": attrs.asdict(LoanColumns()), "card": {},
        "stakes": {"margin": 0.1, "loss_share": 0.5}, "score": to_document(model()),
    }  # fmt: skip
    lender.write("score.json", json.dumps(score))
    return lender


def test_rescore__shows_what_is_new_and_counts_what_is_stale(karez: Lender):
    ask = ("loan", "rescore", "--model", karez.folder / "score.json", "--by", "olga")
    seen = karez.json(*ask, "--preview")
    assert (seen["preview"], seen["scored"], seen["stale"]) == (True, 1, 1)
    assert "would be read" in seen["loans"][0]["reasons"][0]
    done = karez.json(*ask)
    assert (done["on"], done["scored"], done["stale"], done["already"]) == ("2026-08-06", 1, 1, 0)
    fresh, stale = done["loans"]
    assert fresh["use_id"].startswith("use_")
    assert fresh["pd_before"] == stale["pd"] == 0.02 != fresh["pd"]
    assert "0 loans scored as of 2026-08-06, 0 stale, 2 scored before." in karez(*ask)


def test_watch__rows_are_the_same_everywhere(karez: Lender):
    karez("loan", "rescore", "--model", karez.folder / "score.json")
    file = karez.folder / "watch.csv"
    on = ("--on", "2026-08-06")
    told = karez.json("report", "watch", *on, "--csv", file)
    assert (told["as_of"], told["stale"]) == ("2026-08-06", 1)
    assert [(row["loan"], row["borrower"]) for row in told["rows"]] == [(1, MILL), (2, SHOP)]
    late = {"sign": "late", "words": "7 days late", "source": "instalment due on 2026-07-30"}
    assert all(row["reasons"][0] == late for row in told["rows"])
    with file.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["exposure"] for row in rows] == [row["exposure"] for row in told["rows"]]
    assert rows[0]["sources"].startswith("instalment due on 2026-07-30")
    page = karez("report", "watch", *on)
    assert page.splitlines()[-1].startswith("1 loans keep an older default probability")
    assert "where it comes from" in karez("report", "watch", *on, "--loan", 2)
    assert "nothing" in karez("report", "watch", "--loan", 3)
