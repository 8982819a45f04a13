"""The end: what the loans brought, how they stand, and that all books agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from karez.doors.cli.bookkeeping import lines_of, progress
from karez.doors.cli.demo.lender import Lender
from karez.doors.cli.demo.planning import Season
from karez.doors.cli.demo.story import Story
from karez.doors.cli.price_words import major_of
from karez.doors.cli.shell import Shell, table
from karez.services import bookkeeping, closing, lending
from karez.services.lending import LoanView, find_loans

_LINES = (
    ("4010", "interest income", 1),
    ("4020", "fees", 1),
    ("4030", "penalties", 1),
    ("4040", "recovered of what was written off", 1),
    ("5010", "interest on what was borrowed", -1),
    ("5020", "losses written off and provided for", -1),
    ("5040", "making and serving loans", -1),
)
_AT_RISK_DAYS = 30


def tell_result(story: Story, lender: Lender, season: Season, last: date) -> None:
    """Tell what the loans earned, and what the plan had expected of them."""
    story.begin(f"What it brought by {last}")
    nets = _nets(lender, last)
    rows = [
        (words, lender.major(-nets.get(code, 0))) for code, words, _ in _LINES if nets.get(code)
    ]
    result = -sum(nets.get(code, 0) for code, _, _ in _LINES)
    story.facts["result"] = str(lender.major(result))
    story.say(*lines_of([*rows, ("result", lender.major(result))]))
    expected = lender.major(round(season.plan.total_minor))
    story.say(
        "",
        f"The plan expected {expected:,} of a year, if all its offers found takers, after what the",
        "lender's own money should earn.",
    )


def tell_portfolio(story: Story, lender: Lender, last: date) -> None:
    """Tell how the loans stand on the last day."""
    story.begin(f"How the loans stand on {last}")
    views = find_loans(lender.books, last)
    by_status = Counter(str(view.standing.status) for view in views)
    story.facts["loans"] = dict(by_status)
    rows = [
        (status, count, lender.major(_owed(views, status)))
        for status, count in sorted(by_status.items())
    ]
    story.say(*table(["", "loans", "principal"], rows))
    owed = sum(view.standing.principal_minor for view in views)
    late = sum(
        view.standing.principal_minor for view in views if _days_late(view, last) > _AT_RISK_DAYS
    )
    share = f"{late / owed:.1%}" if owed else "none"
    story.fact("at_risk_30", share, f"Portfolio at risk beyond {_AT_RISK_DAYS} days: {share}.")


def tell_verification(shell: Shell, story: Story, lender: Lender) -> None:
    """Recompute everything from the postings and the events, as ``karez verify`` does."""
    story.begin("Verify")
    books = lender.books
    with progress(shell, "transfers") as tell:
        report = bookkeeping.verify(books, tell)
    with progress(shell, "loans") as tell:
        loans = lending.verify(books, tell)
    days = closing.verify(books)
    for other in (loans, days):
        report.take(other)
    story.fact(
        "findings", report.findings_total,
        f"{report.transfers:,} transfers, {loans.loans:,} loans from {loans.events:,} events, and"
        f" {days.days:,} days recomputed: {report.findings_total} disagreements, in {story.took()}.",
    )  # fmt: skip
    story.agree(not report.findings_total, "karez verify")


def _nets(lender: Lender, on: date) -> Mapping[str, int]:
    """Return the net of each account of the chart, those below it included; debits positive."""
    nets: Counter[str] = Counter()
    for account, sums in bookkeeping.trial_balance(lender.books, on).rows:
        nets[account.code.partition(".")[0]] += sums.debits_posted_minor - sums.credits_posted_minor
    return nets


def _owed(views: list[LoanView], status: str) -> int:
    return sum(v.standing.principal_minor for v in views if str(v.standing.status) == status)


def _days_late(view: LoanView, on: date) -> int:
    oldest = view.standing.oldest_due
    return (on - oldest).days if oldest else 0
