"""``karez import loans`` as people run it."""

from doors.conftest import Karez

MAPPING = """\
title = "old"
currency = "EUR"
as_of = 2026-03-31
statuses = { ok = "as-agreed" }
[columns]
reference = "no"
paid_out_on = "day"
amount = "sum"
instalments = "n"
status = "how"
balance = "owed"
"""


def test_import_loans__reconciles_and_names_rows(karez: Karez):
    karez.write("map.toml", MAPPING)
    karez.write(
        "book.csv", "no,day,sum,n,how,owed", "1,2026-01-05,10,2,ok,0.50", "2,soon,10,2,ok,0"
    )
    karez("institution", "chart", "--currency", "EUR")
    asked = ("import", "loans", "book.csv", "--map", "map.toml")
    tried = karez.json(*asked, "--dry-run", code=5)
    assert (tried["read"], tried["taken"], tried["refused"]) == (1, 1, 1)
    assert tried["refusals"][0]["line"] == 3
    assert tried["differences"] == [
        {"line": 2, "reference": "1", "field": "balance", "source": "0.50", "karez": "0.00",
         "difference": "-0.50"},
    ]  # fmt: skip
    done = karez.run(*asked)
    assert done.returncode == 5
    assert "error[loan-date]: " in done.stderr
    assert ", line 3, day 'soon'" in done.stderr
    assert karez.json(*asked, code=5)["already"] == 1
    wrong = karez.run("import", "loans", "book.csv", "--map", "none")
    assert wrong.returncode == 3
    assert "berka, sba_loans" in wrong.stderr
