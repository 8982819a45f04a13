"""The bank and the clerk of the demonstration: what slips waits, is placed, or goes back."""

from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from karez.doors.cli.demo.bank import Bank, Booking
from karez.doors.cli.demo.clerk import paid_by_the_bank, place_what_waits, tell_payments
from karez.doors.cli.demo.planning import tell_refused_firms
from karez.doors.cli.demo.story import Story
from karez.doors.files.county import write_county
from karez.doors.files.markets import read_firm_folder
from karez.engines.county import Size, Way, make_county, payment_way, stranger_pays
from karez.kernel.database import Institution
from karez.kernel.money import currency
from karez.services.bookkeeping import Books
from karez.services.closing import close_days
from karez.services.payments import payment_reference
from services.payments.tools import OPENED, lender

FIRST = OPENED
MONDAY, LATER = date(2026, 1, 5), date(2026, 2, 2)
NAMED = {"Ann Lee": [1], "Bob Roe": [2]}


@pytest.fixture
def bank(connection: psycopg.Connection, institution: Institution, tmp_path: Path) -> Bank:
    desk = lender(Books(connection, institution, may_write=True))
    desk.lend(on=FIRST)
    desk.lend(on=FIRST)
    return Bank.of(desk.books, currency("EUR"), tmp_path / "bank")


def live(bank: Bank, *days: date) -> None:
    """Live the days on which something happens, and end those before."""
    for day in days:
        if day > FIRST:
            close_days([bank.books], day - timedelta(1))
        place_what_waits(bank, day, NAMED)
        paid = paid_by_the_bank(bank, day)
        if day == FIRST:
            paid = [
                Booking(100_00, "Ann Lee", payment_reference(1)),
                Booking(50_00, "Village shop", "instalment for Bob Roe"),
                Booking(7_00, "Tea house", "rent", account="62-3000-44"),
            ]
        bank.tell(day, paid)


def test_clerk__places_and_sends_back(bank: Bank):
    live(bank, FIRST, MONDAY, LATER, LATER + timedelta(1))
    story = Story(quiet=True)
    tell_payments(story, bank)
    assert story.facts["waiting"] == {"payments": 0, "amount_minor": 0}
    assert story.facts["placed"] == 1
    assert sorted(path.name for path in bank.folder.iterdir()) == [
        "2026-01-01.xml",
        "2026-02-03.xml",
        "payouts-1.xml",
    ]
    assert bank.balance_minor == 150_00


def test_bank__sends_no_day_twice(bank: Bank):
    live(bank, FIRST)
    again = Bank.of(bank.books, bank.currency, bank.folder)
    assert again.has_told(FIRST)
    assert again.balance_minor == bank.balance_minor == 157_00
    again.tell(FIRST, [Booking(1_00, "Ann Lee", payment_reference(1))])
    assert again.balance_minor == 157_00


def test_ways__follow_from_the_seed():
    days = [FIRST + timedelta(ahead) for ahead in range(200)]
    ways = [[payment_way(7, loan, day) for day in days] for loan in range(30)]
    assert ways == [[payment_way(7, loan, day) for day in days] for loan in range(30)]
    assert {way for each in ways for way in each} == set(Way)
    for each in ways:
        assert set(each) == {Way.CASH} or Way.CASH not in each
    assert 0 < sum(stranger_pays(7, day) > 0 for day in days) < 30


def test_refused_firms__are_told_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    county = make_county(7, Size(firms_known=8, firms_new=4, households=6))
    write_county(county, tmp_path, date(2022, 12, 31), "CNY")
    rated = tmp_path / "firms_rated.csv"
    lines = rated.read_text("utf-8").splitlines()
    column = lines[0].split(",").index("defaulted")
    broken = lines[1].split(",")
    broken[column] = "perhaps"
    rated.write_text("\n".join([lines[0], ",".join(broken), *lines[2:], lines[2], ""]), "utf-8")
    firms = read_firm_folder(tmp_path)
    story = Story(quiet=False)
    tell_refused_firms(story, firms, tmp_path)
    assert story.facts["firms_refused"] == len(firms.refusals) >= 2
    assert f"{len(firms.refusals)} rows of the lists of firms cannot be read" in (
        capsys.readouterr().out
    )
    kept = (tmp_path / "firms.csv").read_text("utf-8")
    assert "firms_rated.csv,2,defaulted,perhaps," in kept
    assert kept.count("\n") == 1 + len(firms.refusals)
