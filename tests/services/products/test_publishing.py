"""Versions: added, never changed, and told apart in words."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest

from karez.kernel.database import Database, Institution, Role
from karez.services.bookkeeping import Books, open_books
from karez.services.products import (
    changes,
    find_published,
    find_sheet,
    list_published,
    preview_publication,
    publish,
    read_sheet,
)
from karez.services.products.errors import (
    ProductPublishedError,
    ProductUnknownError,
    SheetBrokenError,
)
from services.products.sheets import SMALLEST, sheet, with_lines

DEARER = with_lines(("rate_pct_year = 9\n", "rate_pct_year = 10\n"))


@pytest.fixture
def books(connection: psycopg.Connection, institution: Institution) -> Books:
    return Books(connection, institution, may_write=True)


def test_publish__numbers_versions_and_keeps_the_old(books: Books):
    first = publish(books, SMALLEST, name="small.toml", actor="ann", reason="first")
    assert (first.sheet.version, first.is_new, first.changes) == (1, True, [])
    second = publish(books, DEARER, name="small.toml", actor="bob")
    assert second.sheet.version == 2
    assert [str(change) for change in second.changes] == ["pricing.rate_pct_year was 9, and is 10"]
    with books.transaction() as connection:
        assert find_sheet(connection, "small") == second.sheet
        assert find_sheet(connection, "small", 1) == first.sheet
        found = list_published(connection)
        assert [(each.sheet.version, each.actor, each.reason) for each in found] == [
            (1, "ann", "first"), (2, "bob", ""),
        ]  # fmt: skip
        assert find_published(connection, "small", 1).text == SMALLEST
        assert list_published(connection, "other") == []


def test_publish__what_says_the_same_is_no_version(books: Books):
    publish(books, SMALLEST, name="s", actor="ann")
    again = publish(books, f"# other words\n{SMALLEST}", name="s", actor="ann")
    assert (again.sheet.version, again.is_new) == (1, False)
    explicit = with_lines(more="[arrears]\ngrace_days = 0")
    assert not publish(books, explicit, name="s", actor="ann").is_new


def test_preview__publishes_nothing(books: Books):
    shown = preview_publication(books, SMALLEST, name="s")
    assert (shown.sheet.version, shown.is_new) == (1, True)
    with books.transaction() as connection:
        assert list_published(connection) == []


def test_publish__refuses_what_is_wrong(books: Books):
    with pytest.raises(SheetBrokenError, match="line 19"):
        publish(books, SMALLEST.replace("equal-instalments", "equal"), name="s", actor="ann")


def test_find__names_what_there_is(books: Books):
    def find(version: int | None) -> None:
        with books.transaction() as connection:
            find_sheet(connection, "small", version)

    with pytest.raises(ProductUnknownError, match="there are none; publish one"):
        find(None)
    publish(books, SMALLEST, name="s", actor="ann")
    with pytest.raises(ProductUnknownError, match="'small' of version 2; there are small"):
        find(2)


def test_publish__of_two_at_once_one_is_told(database: Database):
    barrier = Barrier(2)

    def run(text: str) -> str:
        with open_books(database, "main") as books:
            barrier.wait()
            try:
                return str(publish(books, text, name="s", actor="ann").sheet.version)
            except ProductPublishedError as error:
                return error.code

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(run, [SMALLEST, DEARER]))
    assert found in (["1", "2"], ["1", "product-published"])


def test_rows__are_never_changed(books: Books, database: Database):
    publish(books, SMALLEST, name="s", actor="ann")
    for role in (Role.APPLICATION, Role.READER):
        with database.connect(role) as connection, connection.transaction():
            connection.execute("SELECT set_config('karez.institution_id', '1', TRUE)")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("UPDATE products.sheet SET name = 'x'")


def test_rows__are_of_one_institution(books: Books, connection: psycopg.Connection):
    publish(books, SMALLEST, name="s", actor="ann")
    with connection.transaction():
        connection.execute("SELECT set_config('karez.institution_id', '99', TRUE)")
        assert list_published(connection) == []


def test_changes__are_in_words():
    before = sheet(more='[[fees]]\nname = "Visit"\namount = 5')
    after = read_sheet(
        with_lines(
            ("most = 24", "most = 36"), more="[collateral]\nguarantors = 1\n[group]\n"
            "least_members = 3\nmost_members = 9"
        ),
        "s",
    )  # fmt: skip
    assert [str(change) for change in changes(before, after)] == [
        "instalments.most was 24, and is 36",
        "collateral.guarantors was 0, and is 1",
        "group.least_members is new: 3",
        "group.most_members is new: 9",
        "group.joint_liability is new: true",
        "group.savings_pct is new: 0",
        "fees.1.name is gone; it was Visit",
        "fees.1.when is gone; it was at-disbursement",
        "fees.1.amount is gone; it was 5.00",
        "fees.1.pct is gone; it was 0",
        "fees.1.of is gone; it was principal",
    ]
