"""``karez demo``: a bank's file posted, reconciled, looked back at and verified, in one go."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any

import attrs
import click

import karez
from karez.doors.cli.bookkeeping import exit_with, lines_of, major
from karez.doors.cli.post import Posting
from karez.doors.cli.read import nets_below, sides
from karez.doors.cli.shell import ExitCode, Shell, command_options, table
from karez.doors.files.bank import BankRow, make_bank_file, read_bank_file
from karez.doors.files.postings import Naming
from karez.doors.files.rows import as_csv, read_csv
from karez.kernel.database import open_database
from karez.kernel.database.server import Server
from karez.kernel.money import currency, format_amount
from karez.services import bookkeeping
from karez.services.bookkeeping import Books, Opening, open_books

_UNIT = "CZK"
_PUBLISHED = Path(karez.__file__).parents[3] / "shared" / "data" / "berka" / "feup_trans_test.csv"
_CHART = (
    Opening("1100", "asset", _UNIT, "Cash"),
    Opening("1200", "asset", _UNIT, "Other banks"),
    Opening("1300", "asset", _UNIT, "Card scheme"),
    Opening("2000", "liability", _UNIT, "Deposits"),
    Opening("4100", "income", _UNIT, "Statement fees"),
    Opening("4200", "income", _UNIT, "Penalty interest"),
    Opening("5100", "expense", _UNIT, "Interest paid"),
    Opening("5900", "expense", _UNIT, "Rounding"),
)
_OF_SYMBOL = {
    "interest credited": "5100",
    "payment for statement": "4100",
    "sanction interest if negative balance": "4200",
}
_OF_OPERATION = {
    "collection from another bank": "1200",
    "remittance to another bank": "1200",
    "credit card withdrawal": "1300",
}


_HEADER = "id,valid_on,debit,credit,amount,kind,reference.bank"
_SHOWN = 4


@click.command()
@click.option(
    "--transactions",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A bank file of that shape; by default the published one, or one made up.",
)
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the database in this empty folder; by default in one that is removed.",
)
@command_options
def demo(shell: Shell, *, transactions: Path | None, home: Path | None) -> None:
    """Post a file of bank transactions, reconcile it, look back, and verify the book."""
    if home is not None and home.exists() and any(home.iterdir()):
        raise click.BadParameter("the folder is not empty", param_hint="--home")
    story = _Story(quiet=shell.as_json)
    with _home(home) as folder:
        config = attrs.evolve(
            shell.config, home=folder.absolute(), database_url=None, institution="main"
        )
        story.begin("Start")
        with open_database(config) as database, open_books(database, "main") as books:
            story.say(f"   An embedded PostgreSQL with empty books is up after {story.took()}.")
            bank = _Bank(story, books, _read(story, transactions), folder)
            bank.post()
            bank.reconcile()
            bank.show_trial_balance()
            bank.look_back()
            bank.verify()
        story.begin("Stop")
        running = Server(config).state().process_id
        left = "nothing is" if running is None else f"process {running} is still"
        story.fact("stopped", running is None, f"The server is stopped; {left} running.")
        story.agree(running is None)
    if home is not None:
        story.say(f"   To look around: KAREZ_HOME={home} karez trial-balance --tree")
    end = "Everything agrees." if story.agrees else "Something does not agree: see above."
    shell.show(story.facts | {"agrees": story.agrees}, ["", end])
    exit_with(ExitCode.DONE if story.agrees else ExitCode.FOUND)


@contextmanager
def _home(home: Path | None) -> Generator[Path]:
    if home is not None:
        yield home
        return
    folder = Path(tempfile.mkdtemp(prefix="karez-"))
    folder.chmod(0o755)  # under root the server is another user, and must be able to enter
    try:
        yield folder / "home"
    finally:
        shutil.rmtree(folder)


@attrs.define
class _Story:
    """What is told, a chapter at a time, and the facts in it."""

    quiet: bool
    facts: dict[str, Any] = attrs.field(factory=dict[str, Any])
    agrees: bool = True
    _chapter: int = 0
    _began: float = 0.0

    def begin(self, title: str) -> None:
        self._chapter += 1
        self._began = time.perf_counter()
        self.say(f"\n{self._chapter}. {title}")

    def say(self, *lines: str) -> None:
        if not self.quiet:
            for line in lines:
                click.echo(line)

    def fact(self, name: str, value: object, sentence: str) -> None:
        self.facts[name] = value
        self.say(f"   {sentence}")

    def agree(self, condition: object) -> None:
        self.agrees = self.agrees and bool(condition)

    def took(self) -> str:
        return f"{time.perf_counter() - self._began:.2f} s"


@attrs.define
class _Bank:
    """The demonstration: a bank's movements, our books, and the story told of them."""

    story: _Story
    books: Books
    rows: Sequence[BankRow]
    folder: Path
    posted_at: datetime | None = None  # before anything was corrected
    at_first: Mapping[str, int] = attrs.field(factory=dict[str, int])

    def post(self) -> None:
        """Open an account for each customer and post every movement."""
        self.story.begin("Open accounts and post")
        openings = [
            Opening(code, "liability", _UNIT, f"Customer {account}", "2000")
            for code, account in {_code(row): row.account for row in self.rows}.items()
        ]
        accounts = bookkeeping.open_accounts(self.books, [*_CHART, *openings])
        self.story.fact("accounts", len(accounts), f"{len(accounts):,} accounts opened")
        postings = [
            _posting("bank", row, _counter(row), row.amount_minor, row.symbol or row.operation)
            for row in self.rows
        ]
        self.posted_at = self._post_file("postings.csv", postings)

    def reconcile(self) -> None:
        """Compare our balance with the bank's after each movement; post what its rounding is."""
        self.story.begin("Reconcile with the bank's own balances")
        self.at_first = self._differences()
        self._tell_agreement("agreeing_at_first", self.at_first)
        steps = list(_steps(self.rows, self.at_first))
        self.story.facts["exceptions"] = [row.row_id for row, _ in steps]
        if not steps:
            return
        most = major(max(map(abs, self.at_first.values())), _UNIT)
        self.story.say(
            f"   The others are off by at most {most} {_UNIT}. All of it begins at {len(steps):,}",
            "   transactions where the bank's balance moves by another amount than it prints:",
            "",
            *(f"     {line}" for line in _step_table(steps[:_SHOWN])),
        )
        if len(steps) > _SHOWN:
            self.story.say(f"     and {len(steps) - _SHOWN:,} more", "")
        self.story.say("   The bank prints rounded figures. What that leaves is posted by itself.")
        corrections = [
            _posting("rounding", row, "5900", step_minor, "rounding") for row, step_minor in steps
        ]
        self._post_file("rounding.csv", corrections)
        differences = self._differences()
        self._tell_agreement("agreeing", differences)
        self.story.agree(not any(differences.values()))

    def show_trial_balance(self) -> None:
        """Show the accounts at the top of the chart; debits and credits are equal."""
        day = max(row.day for row in self.rows)
        self.story.begin(f"Trial balance as of {day}")
        found = bookkeeping.trial_balance(self.books, day)
        below = nets_below(found)
        top = [
            (account.code, account.name, *sides(below[account.code], _UNIT))
            for account, _ in found.rows
            if account.parent is None
        ]
        nets = [below[account.code] for account, _ in found.rows if account.parent is None]
        debits = major(sum(net for net in nets if net > 0), _UNIT)
        credits_ = major(-sum(net for net in nets if net < 0), _UNIT)
        rows = [*top, ("", "total", debits, credits_)]
        lines = table(["account", f"in {_UNIT}", "debit", "credit"], rows)
        self.story.say(*(f"   {line}" for line in lines))
        self.story.facts |= {"debits": debits, "credits": credits_}
        self.story.agree(debits == credits_)

    def look_back(self) -> None:
        """Ask for a past day twice: as known now, and as known before the corrections."""
        row = max(self.rows, key=lambda row: abs(self.at_first[row.row_id]))
        of_day = [each for each in self.rows if (each.account, each.day) == (row.account, row.day)]
        theirs = of_day[-1].balance_minor
        self.story.begin(f"Look back: customer {row.account} at the end of {row.day}")
        before, now = (
            bookkeeping.balance(self.books, _code(row), row.day, known_at=known_at).balance_minor
            for known_at in (self.posted_at, None)
        )
        answers = [
            ("as known before the corrections", major(before, _UNIT)),
            ("as known now", major(now, _UNIT)),
            ("the bank's own figure", major(theirs, _UNIT)),
        ]
        self.story.facts["look_back"] = dict(answers)
        self.story.say(*(f"   {line} {_UNIT}" for line in lines_of(answers)))
        self.story.agree(now == theirs)

    def verify(self) -> None:
        """Recompute the whole book from its postings."""
        self.story.begin("Verify")
        report = bookkeeping.verify(self.books)
        self.story.fact(
            "findings",
            report.findings_total,
            f"{report.transfers:,} transfers, {report.accounts:,} accounts and"
            f" {report.batches:,} batches recomputed: {report.findings_total} disagreements,"
            f" in {self.story.took()}",
        )
        self.story.agree(not report.findings_total)

    def _post_file(self, name: str, postings: Sequence[str]) -> datetime:
        """Post lines as ``karez post`` would; return the instant of the last batch."""
        file = self.folder / name
        file.write_text("\n".join([_HEADER, *postings, ""]), encoding="utf-8")
        began = time.perf_counter()
        with file.open("rb") as stream:
            naming = Naming(self.books.institution.code, "bank")
            tally = Posting(self.books, read_csv(stream, name), naming).run()
        self.story.fact(
            f"posted_from_{file.stem}",
            tally.posted,
            f"{name}: {tally.posted:,} entries posted, {tally.refused:,} refused,"
            f" in {time.perf_counter() - began:.2f} s",
        )
        self.story.say(*(f"     {refusal}" for refusal in tally.refusals))
        self.story.agree(not tally.refused)
        return bookkeeping.trial_balance(self.books, date.max).known_at

    def _differences(self) -> dict[str, int]:
        """Return our balance less the bank's after each movement, in the bank's order."""
        differences: dict[str, int] = {}
        for account, of_account in groupby(self.rows, lambda row: row.account):
            moved: Counter[str] = Counter()
            code = f"2000.{account}"
            for line in bookkeeping.statement(self.books, code, date.min, date.max).lines:
                moved[line.reference["bank"]] += line.credit_minor - line.debit_minor
            ours = 0
            for row in of_account:
                ours += moved[row.row_id]
                differences[row.row_id] = ours - row.balance_minor
        return differences

    def _tell_agreement(self, name: str, differences: Mapping[str, int]) -> None:
        agreeing = sum(not difference for difference in differences.values())
        self.story.fact(
            name,
            agreeing,
            f"After {agreeing:,} of {len(differences):,} transactions our statement shows the"
            " bank's balance.",
        )


def _read(story: _Story, transactions: Path | None) -> list[BankRow]:
    story.begin("Read a bank's file")
    path = transactions or (_PUBLISHED if _PUBLISHED.exists() else None)
    file = path.name if path else "a made-up file"
    octets = path.read_bytes() if path else make_bank_file().encode()
    rows = read_bank_file(read_csv(BytesIO(octets), file))
    days = [row.day for row in rows]
    story.fact("file", file, f"{file}, in the form of a Czech bank: {min(days)} to {max(days)}")
    customers = len({row.account for row in rows})
    story.fact("transactions", len(rows), f"{len(rows):,} transactions of {customers:,} customers")
    return rows


def _code(row: BankRow) -> str:
    return f"2000.{row.account}"


def _counter(row: BankRow) -> str:
    return _OF_SYMBOL.get(row.symbol) or _OF_OPERATION.get(row.operation, "1100")


def _posting(scope: str, row: BankRow, counter: str, amount_minor: int, kind: str) -> str:
    accounts = (counter, _code(row)) if amount_minor > 0 else (_code(row), counter)
    amount = format_amount(abs(amount_minor), currency(_UNIT))
    return as_csv([f"{scope} {row.row_id}", str(row.day), *accounts, amount, kind, row.row_id])


def _steps(
    rows: Iterable[BankRow], differences: Mapping[str, int]
) -> Iterator[tuple[BankRow, int]]:
    """Give the movements at which a difference begins or changes, and what would undo that."""
    for _, of_account in groupby(rows, lambda row: row.account):
        before = 0
        for row in of_account:
            step_minor = before - differences[row.row_id]
            before = differences[row.row_id]
            if step_minor:
                yield row, step_minor


def _step_table(steps: Sequence[tuple[BankRow, int]]) -> list[str]:
    rows = [
        (
            row.row_id,
            row.account,
            row.day,
            major(row.amount_minor, _UNIT),
            major(row.amount_minor + step_minor, _UNIT),
            row.symbol or row.operation,
        )
        for row, step_minor in steps
    ]
    headings = ["transaction", "customer", "date", "amount", "balance moved by", "for"]
    return table(headings, rows)
