"""``karez payment``: a statement comes in, what waits is placed, and what is wrong is told."""

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from doors.statements.making import as_camt, as_mt940, as_table, entry, statement
from karez.doors.cli import cli
from karez.doors.cli.shell import run
from karez.kernel.database import Database
from karez.services.bookkeeping import open_books
from karez.services.payments import creditor_reference, payment_reference
from services.payments.tools import BOB, OPENED, lender


def paid(amount_minor: int, **told):
    return entry(amount_minor, booked_on=OPENED, valid_on=OPENED, **told)


MADE = statement(
    [
        paid(100_00, remittance=payment_reference(1), account="A1", bank_reference="B1"),
        paid(40_00, name="Stranger", remittance="rent", bank_reference="B2"),
        paid(-2_50, remittance="fee", bank_reference="B3"),
    ],
    10_00,
)


@attrs.frozen
class Branch:
    """``karez payment`` run within this process, in a folder, on a database with two loans."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_bytes(text.encode())

    def run(self, *arguments: object) -> tuple[int, str, str]:
        code = run(cli, ["payment", *map(str, arguments)])
        said = self.capsys.readouterr()
        return code, said.out, said.err

    def __call__(self, *arguments: object, code: int = 0) -> str:
        ended, out, err = self.run(*arguments)
        assert ended == code, out + err
        return out

    def json(self, *arguments: object, code: int = 0) -> Any:
        ended, out, err = self.run(*arguments, "--json")
        assert ended == code, out + err
        return json.loads(out or err)


@pytest.fixture
def branch(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Branch:
    with open_books(database, "main") as books:
        bank = lender(books)
        bank.lend()
        bank.lend(BOB)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAREZ_DATABASE_URL", database.conninfo)
    monkeypatch.setenv("KAREZ_HOME", str(tmp_path / "home"))
    return Branch(tmp_path, capsys)


def test_import__tells_where_each_payment_went(branch: Branch):
    branch.write("jan.xml", as_camt([MADE]))
    preview = branch("import", "jan.xml", "--preview")
    assert preview.splitlines()[-1] == "A preview: nothing is kept."
    assert branch.json("statements") == {"statements": [], "gaps": []}
    told = branch("import", "jan.xml", "--by", "ann")
    assert [line.split() for line in told.splitlines()[1:]] == [
        ["payments", "why", "count", "EUR"],
        ["to", "loans", "text", "1", "100.00"],
        ["waiting", "debit", "1", "-2.50"],
        ["waiting", "no-sign", "1", "40.00"],
        ["all", "3", "137.50"],
    ]
    assert "was taken already" in branch("import", "jan.xml")
    branch.write("same.csv", as_table([MADE]))
    again = branch.json("import", "same.csv", "--map", "plain")
    assert again["statements"][0]["known"] == {"count": 3, "amount": "137.50"}
    assert branch.json("verify")["suspense"] == {"EUR": "37.50"}


def test_import__one_bad_file_leaves_the_others(branch: Branch):
    branch.write("good.xml", as_camt([MADE]))
    whole = as_mt940([statement([paid(1)], number="9")])
    branch.write("half.sta", whole[: whole.index(":62F:")])
    branch.write("letter.txt", "Dear customer")
    code, out, err = branch.run("import", "half.sta", "good.xml", "letter.txt")
    assert code == 5
    assert "all" in out
    first, second = err.splitlines()
    assert first.startswith("error[statement-truncated]: half.sta, line ")
    assert second.startswith("error[statement-format]: letter.txt, line 1")
    branch.write("late.xml", as_camt([statement([entry(1)], number="2")]))
    [refusal] = branch.json("import", "late.xml", code=4)["refusals"]
    assert refusal["error"]["code"] == "statement-ahead"
    assert branch.json("import", "good.xml", "--channel", "1010", code=4)


def test_gap__is_told_and_found(branch: Branch):
    branch.write("1.xml", as_camt([MADE]))
    branch.write("3.xml", as_camt([statement([paid(5)], 200_00, number="3")]))
    told = branch("import", "1.xml", "3.xml").splitlines()[-1]
    assert told == (
        "Missing: NL26VAYB8060476890: statement 1 closes at 147.50 EUR,"
        " and statement 3 opens at 200.00 EUR."
    )
    assert len(branch.json("statements", code=6)["gaps"]) == 1


def test_queue__placed_split_and_back(branch: Branch):
    branch.write("jan.sta", as_mt940([MADE]))
    branch("import", "jan.sta")
    waiting = branch.json("queue", "--reason", "no-sign")
    [stranger] = waiting["payments"]
    number = stranger["payment"]
    assert (stranger["open"], waiting["ages"][0]["amount"]) == ("40.00", "40.00")
    branch("split", number, "1=10.00", "2=20.00")
    assert branch.json("show", number)["open"] == "10.00"
    branch("return", number, "--amount", "4.00", "--reason", "too much")
    branch("assign", number, "2")
    assert branch.json("show", number)["open"] == "0.00"
    assert "40.00 EUR of payment" in branch("unassign", number)
    fee = next(
        each["payment"] for each in branch.json("queue")["payments"] if each["reason"] == "debit"
    )
    told = branch("assign", fee, "--ledger", "5040")
    assert told == "Moved -2.50 EUR to account 5040.\n"
    assert branch.json("verify")["sound"]


CODES = [
    (("assign", 9, 1), 3),
    (("assign", 2, 9), 3),
    (("assign", 2, 1, "--amount", "99.00"), 4),
    (("assign", 2, 1, "--amount", "x"), 5),
    (("assign", 2), 2),
    (("split", 2, "1"), 2),
    (("unassign", 2), 4),
    (("cash", 9, "1.00"), 3),
    (("cash", 1, "1.001"), 5),
    (("mark", 1), 2),
    (("promise", 1, "1.00", "--until", "2020-01-01"), 5),
    (("import", "jan.xml", "--map", "nothing"), 3),
]


def test_refusals__have_their_exit_codes(branch: Branch):
    branch.write("jan.xml", as_camt([MADE]))
    branch("import", "jan.xml")
    found = {arguments: branch.run(*arguments)[0] for arguments, _ in CODES}
    assert found == dict(CODES)


def test_counter(branch: Branch):
    told = branch("cash", 1, "5.00", "--receipt", "K1", "--outlet", "market")
    assert told == "Receipt K1: 5.00 EUR on loan 1 taken.\n"
    assert "was taken before" in branch("cash", 1, "5.00", "--receipt", "K1", "--outlet", "market")
    assert branch("reference", 1).split() == [
        "creditor", "reference", *creditor_reference(1).split(), "in", "the", "text", "LN-1-95",
    ]  # fmt: skip
    branch("mark", 1, "--account", "A1", "--mandate", "M")
    branch("promise", 1, "5.00", "--until", "2030-01-01", "--note", "harvest")
    branch("cash", 1, "4.00")
    [promise] = branch.json("promises", 1)["promises"]
    assert (promise["state"], promise["paid_minor"]) == ("open", 400)
