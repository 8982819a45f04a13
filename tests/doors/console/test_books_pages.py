"""Ledger, portfolio and reports in the console, over real books and a real server."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from uuid import UUID

import attrs
import httpx
import pytest

from doors.serving import served
from karez.doors.console.app import console_app
from karez.doors.console.exports import csv_lines
from karez.doors.console.pages import ledger, portfolio
from karez.doors.console.sheets import Sheet, amount, words
from karez.doors.operations import OPERATIONS, Asked, Office, Offices, ask
from karez.engines.servicing.events import Disbursement, Payment
from karez.kernel.database import Database
from karez.kernel.money import Money, currency
from karez.services import access
from karez.services.access import Membership, PassKind
from karez.services.bookkeeping import Books, Draft, Movement, open_books, post_entry
from karez.services.lending import book_loans, open_chart, record
from services.lending.tools import JAN, booking, command, end_days, event

TODAY = date(2026, 8, 20)
SHEETS = [tab.path for tab in (*ledger.TABS, *portfolio.TABS)]
YEAR = {"/ledger/profit-and-loss": {"first_day": "2026-01-01", "last_day": str(TODAY)}}


@attrs.frozen
class Console:
    """The console as an accountant sees it, and the operations beside it."""

    client: httpx.Client
    office: Office
    actor: access.Actor

    def get(self, path: str, **query: str) -> httpx.Response:
        return self.client.get(path, params=query)

    def ask(self, operation: str, **values: str):
        asked = Asked(actor=self.actor, request_id="req_test", texts=True)
        return ask(self.office, OPERATIONS[operation], values, asked)


def fill(books: Books) -> None:
    """Capital, and three loans of two officers: paid in time, never paid, paid until April."""
    open_chart(books, "EUR")
    asked = [
        booking(officer=officer, place="Anxi", industry="farms", pd=0.05, lgd=0.4,
                borrower_id=UUID(int=number))
        for number, officer in enumerate(("Li", "Li", "Wu"), 1)
    ]  # fmt: skip
    loans = book_loans(books, asked)
    dues = [date(2026, month, 1) for month in range(2, 9)]
    for loan, paid in zip(loans, (dues, [], dues[:3]), strict=True):
        record(books, [command(loan, event(Disbursement, JAN, amount_minor=1_200_00))], on=JAN)
        for day in paid:
            record(books, [command(loan, event(Payment, day, amount_minor=106_62))], on=day)
    paid_in = Movement("1020", "3010", Money(5_000_00, currency("EUR")))
    post_entry(books, Draft(JAN, [paid_in], memo="Paid in"))
    end_days(books, loans, TODAY - timedelta(days=1))


@pytest.fixture
def console(database: Database, tmp_path: Path) -> Iterator[Console]:
    offices = Offices(database, tmp_path)
    with open_books(database, "main") as books:
        fill(books)
        account = access.add_account(books, "ann", full_name="Ann Li", by="test")
        access.give_role(books, "ann", Membership("accountant"), by="test")
        secret = access.make_pass(books, account.account_id, PassKind.SESSION).text
        actor = access.enter(books, secret, [PassKind.SESSION]).actor
    with (
        served(console_app(offices, "main")) as address,
        httpx.Client(base_url=address, timeout=30, cookies={"karez_session": secret}) as client,
        offices.office("main") as office,
    ):
        yield Console(client, office, actor)
    offices.close()


def shown(page: str) -> list[list[str]]:
    """Return the cells of the rows of a page's sheet, heading and totals with them."""
    table = page.partition('id="sheet"')[2].partition("</table>")[0]
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", table, re.DOTALL)
    return [
        [unescape(re.sub(r"<[^>]+>", "", cell)).strip()
         for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in rows
    ]  # fmt: skip


def plain(text: str) -> str:
    """Return a figure of a page as a file writes it."""
    bare = text.replace("\N{MINUS SIGN}", "-").removesuffix("\N{NO-BREAK SPACE}%")
    if bare == "\N{EN DASH}":
        return ""
    return bare.replace(",", "") if re.fullmatch(r"-?[\d,]+(\.\d+)?", bare) else bare


def test_sheets__files_hold_what_pages_show(console):
    for path in SHEETS:
        page = console.get(path, on=str(TODAY), **YEAR.get(path, {}))
        assert page.status_code == 200, path
        export = re.search(r'href="([^"]+)" download', page.text)
        assert export is not None
        file = console.client.get(unescape(export[1]))
        assert file.headers["content-type"].startswith("text/csv")
        lines = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff"))))
        start = lines.index([]) + 1
        said = unescape(re.sub(r"<[^>]+>", "", page.text))
        assert lines[0][0] in said
        assert str(TODAY) in {line[1] for line in lines[1 : start - 1]}
        table = shown(page.text)
        assert len(table) > 1, path
        assert [[plain(cell) for cell in row] for row in table] == [
            [plain(cell) for cell in row] for row in lines[start:]
        ], path


def test_trial_balance__totals_are_those_of_the_operation_and_open_into_accounts(console):
    found = console.ask("ledger.trial-balance", on=str(TODAY))
    page = console.get("/ledger", on=str(TODAY))
    [total] = found.totals
    *_, last = shown(page.text)
    assert [plain(cell) for cell in last[4:6]] == [
        f"{total.debits_minor / 100:.2f}", f"{total.credits_minor / 100:.2f}",
    ]  # fmt: skip
    parted = next(row.code.partition(".")[0] for row in found.accounts if "." in row.code)
    assert f"under={parted}" in page.text
    inside = shown(console.get("/ledger", on=str(TODAY), under=parted).text)[1:-1]
    assert len(inside) == sum(
        row.code == parted or row.code.startswith(f"{parted}.") for row in found.accounts
    )
    [summed] = [row for row in shown(page.text) if row[0] == parted]
    total = sum(row.balance_minor for row in found.accounts if row.code.partition(".")[0] == parted)
    assert plain(summed[6]) == f"{total / 100:.2f}"


def test_statement__closes_at_the_balance_and_leads_to_entries(console):
    found = console.ask("ledger.trial-balance", on=str(TODAY))
    row = next(row for row in found.accounts if "." in row.code and row.credits_minor)
    path = f"/ledger/accounts/{row.code}"
    page = console.get(path, first_day="2026-01-01", last_day=str(TODAY))
    assert plain(shown(page.text)[-1][6]) == f"{row.balance_minor / 100:.2f}"
    entry = re.search(r'href="(/ledger/entries/[^"]+)"', page.text)
    assert entry is not None
    opened = console.get(entry[1])
    assert opened.status_code == 200
    assert row.code in opened.text
    [loan] = set(re.findall(r'href="(/loans/\d+)"', opened.text))
    away = console.get(f"{entry[1]}/reverse")
    assert away.headers["location"] == loan, "what a loan did is undone there"


def test_reverse__asks_why_and_waits_for_a_second_person(console):
    statement = console.ask("ledger.statement", account="3010", first_day=str(JAN))
    path = f"/ledger/entries/{statement.lines[0].entry}/reverse"
    assert path in console.get(path.removesuffix("/reverse")).text
    page = console.get(path)
    fields = dict(re.findall(r'name="(_csrf|_key)" value="([^"]+)"', page.text))
    refused = console.client.post(path, data=fields | {"reason": " "})
    assert refused.status_code == 422
    done = console.client.post(path, data=fields | {"reason": "Posted twice"})
    assert done.headers["location"] == "/approvals"
    [waiting] = console.ask("proposals.list").proposals
    assert waiting.operation == "ledger.reverse"


def test_at_risk__totals_are_those_of_the_operation(console):
    found = console.ask("reports.at-risk", on=str(TODAY), by="officer")
    *rows, last = shown(console.get("/portfolio", on=str(TODAY), by="officer").text)[1:]
    assert [row[0] for row in rows] == ["Li", "Wu"]
    whole = found.rows[-1]
    assert [plain(cell) for cell in last[2:5]] == [
        str(whole.loans), f"{whole.principal_minor / 100:.2f}", f"{whole.late_1_minor / 100:.2f}",
    ]  # fmt: skip


def test_unknown__is_a_page_that_says_so(console):
    for path in ("/ledger/accounts/9999", "/ledger/entries/ent_01", "/ledger/entries/x/reverse"):
        page = console.get(path)
        assert page.status_code in {404, 422}, path
        assert "<h1" in page.text
    assert console.get("/ledger/accounts/9999").status_code == 404
    assert console.get("/ledger", on="yesterday").status_code == 422


def test_reports__lists_every_sheet_and_is_in_chinese_too(console):
    page = console.get("/reports")
    assert all(f'href="{path}"' in page.text for path in SHEETS)
    console.client.cookies.set("karez_language", "zh")
    assert '<html lang="zh"' in console.get("/ledger").text


def test_files__words_are_no_formulas_and_amounts_keep_their_sign():
    row = (words("=1+1"), amount(-5, "EUR"), amount(-7, "JPY"))
    sheet = Sheet(name="x", title="X", said=(), headings=("A", "B", "C"), rows=(row,))
    assert list(csv_lines(sheet))[-1] == "'=1+1,-0.05,-7\r\n"
