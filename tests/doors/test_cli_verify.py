"""``karez verify`` holds payments to the rest, and names what disagrees."""

import pytest

from doors.statements.making import as_camt
from doors.test_cli_payment import MADE, Branch, branch  # noqa: F401 - a fixture
from karez.doors.cli import cli
from karez.doors.cli.shell import run
from karez.kernel.database import Database, Role
from karez.kernel.money import Money, currency
from karez.services.bookkeeping import Draft, Movement, open_books, post_entry
from services.payments.tools import OPENED


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("UPDATE payments.act SET suspense_minor = 1 WHERE kind = 'hold'", "money"),
        ("UPDATE payments.act SET amount_minor = 1 WHERE kind = 'match'", "loan"),
        ("DELETE FROM payments.entry WHERE amount_minor = 4000", "statement"),
    ],
)
def test_verify__names_the_damaged_payment(branch: Branch, database: Database, damage, check):  # noqa: F811
    branch.write("jan.xml", as_camt([MADE]))
    branch("import", "jan.xml")
    assert run(cli, ["verify"]) == 0
    assert "1 statements, 3 payments: everything agrees." in branch.capsys.readouterr().out
    with database.connect(Role.OWNER) as connection:
        connection.execute(damage)
    assert run(cli, ["verify"]) == 6
    assert f"\n{check} " in branch.capsys.readouterr().out


def test_verify__others_may_use_the_account_of_suspense(branch: Branch, database: Database):  # noqa: F811
    branch.write("jan.xml", as_camt([MADE]))
    branch("import", "jan.xml")
    by_hand = Movement("5040", "2010", Money(1_00, currency("EUR")))
    with open_books(database, "main") as books:
        post_entry(books, Draft(OPENED, [by_hand], kind="by-hand"))
    assert run(cli, ["verify"]) == 0
