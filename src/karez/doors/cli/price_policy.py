"""``karez price policy``: decision tables checked, and tried on past applications."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from karez.doors.cli.bookkeeping import exit_with, tell_refusals
from karez.doors.cli.price_words import major_of, pct
from karez.doors.cli.risk_options import rounded
from karez.doors.cli.shell import ExitCode, Shell, command_options, say, table
from karez.doors.files.price.policies import ReadPast, read_past, read_policy_file
from karez.doors.files.price.terms import PlanTerms, read_terms
from karez.engines.price.policy import Checked, Decided, Policy, Simulation
from karez.engines.price.policy import check as check_policy
from karez.engines.price.policy import simulate as simulate_policy
from karez.engines.price.policy.simulate import Groups, Tally
from karez.engines.risk.amplification import amplification
from karez.engines.risk.book import Book, Ints
from karez.engines.risk.factors import Factors, Shares
from karez.kernel.money import Currency, currency

SHOWN_MOST = 20
_NO_ROW = "no row fits"
_NO_INDUSTRY = "not said"
_PD_MOST = 1 - 1e-9  # what is sure to default is no risk any more, but is lent all the same
_TALLY = ("approved", "referred", "refused", "amount", "expected_loss", "profit")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--currency", "code", metavar="CODE", required=True, help="Of the amounts in it.")
@command_options
def check(shell: Shell, *, file: Path, code: str) -> None:
    """Look for cells that cannot be read, dead rows, gaps, and lax rows above stricter ones.

    FILE is a decision table (CSV, XLSX, Parquet, TOML). Exit code 6 says that something was found,
    5 that a row cannot be read.
    """
    policy = _read(shell, file, currency(code))
    found = check_policy(policy)
    document = {
        "table": policy.name,
        "rows": len(policy.rows),
        "columns": dict(zip(policy.columns, policy.kinds, strict=True)),
        "dead_rows": found.dead,
        "clashes": [{"upper": clash.upper, "lower": clash.lower} for clash in found.clashes],
        "gaps": found.gaps,
    }
    shell.show(document, _check_lines(policy, found))
    exit_with(ExitCode.DONE if found.sound else ExitCode.FOUND)


def _read(shell: Shell, file: Path, unit: Currency) -> Policy:
    """Return the policy of a file, or name all that is wrong with it and end."""
    read = read_policy_file(file, unit)
    for fault in read.faults:
        say(fault, as_json=shell.as_json)
    if read.faults:
        exit_with(ExitCode.INVALID_INPUT)
    return read.policy


def _check_lines(policy: Policy, found: Checked) -> list[str]:
    lines = [
        f"row {row} decides nothing: the rows above it take all its cases" for row in found.dead
    ]
    lines += [
        f"row {clash.upper} lets through cases that row {clash.lower} is stricter on"
        for clash in found.clashes
    ]
    for gap in found.gaps:
        case = ", ".join(f"{column} {words}" for column, words in gap.items()) or "any case"
        lines.append(f"no row fits: {case}")
    count = f"{len(policy.rows)} rows, {len(policy.columns)} columns"
    return [*lines, f"{policy.name}: {count}{'' if lines else '; nothing is wrong'}"]


@click.command()
@click.argument("table_file", metavar="TABLE", type=click.Path(path_type=Path))
@click.argument("past_file", metavar="APPLICATIONS", type=click.Path(path_type=Path))
@click.option(
    "--in-force",
    "old_file",
    type=click.Path(path_type=Path),
    required=True,
    metavar="TABLE",
    help="The policy to compare with.",
)
@click.option(
    "--terms",
    "terms_file",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="Costs and currency, the TOML file of a plan.",
)
@click.option("--group", metavar="COLUMN", help="Compare approval between these groups.")
@command_options
def simulate(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    table_file: Path,
    past_file: Path,
    old_file: Path,
    terms_file: Path,
    group: str | None,
) -> None:
    """Show what a policy would have done with past applications, beside the policy in force.

    Losses and profits are expected, from each application's default probability: what was refused
    in the past has no outcome. The tail is the average loss of the worst year in a hundred, and is
    amplified where it grows more than what is lent. An application that is wrong is named on the
    error channel and left out; the exit code is then 5.
    """  # fmt: skip
    terms = read_terms(terms_file)
    unit = terms.currency
    new, old = _read(shell, table_file, unit), _read(shell, old_file, unit)
    read = read_past(past_file, [new, old], terms, group)
    tell_refusals(shell, read.refusals, len(read.refusals))
    found = simulate_policy(new, old, read.past)
    document = _document(new, old, read, found, unit)
    document["tail"] = _tail(read, found, terms)
    document["refused_rows"] = [refusal.as_dict() for refusal in read.refusals]
    shell.show(document, _lines(document))
    exit_with(ExitCode.INVALID_INPUT if read.refusals else ExitCode.DONE)


def _document(
    new: Policy, old: Policy, read: ReadPast, found: Simulation, unit: Currency
) -> dict[str, Any]:
    rows = [*((row.number, row.outcome.reason) for row in new.rows), (None, _NO_ROW)]
    return {
        "applications": read.past.applications.count,
        "new": _tally(found.new, unit),
        "in_force": _tally(found.old, unit),
        "swap_in": _swapped(read, found.swap_in, old, found.old_decided),
        "swap_out": _swapped(read, found.swap_out, new, found.new_decided),
        "by_row": [
            {"row": number, "reason": reason, "decided": count}
            for (number, reason), count in zip(rows, found.by_row.tolist(), strict=True)
        ],
        "groups": [] if found.groups is None else _groups(found.groups),
    }


def _tail(read: ReadPast, found: Simulation, terms: PlanTerms) -> dict[str, Any] | None:
    """Return what the change of policy does to the tail, None where one of them lends nothing."""
    granted = (found.old_granted_minor, found.new_granted_minor)
    if not all(amounts.any() for amounts in granted):
        return None
    old, new = (_book(read, amounts, terms.balance_share) for amounts in granted)
    shares = Shares(terms.tail.national, terms.tail.sector) if terms.tail else Factors().rest
    told = amplification(old, new, Factors(rest=shares))
    return {
        "level": told.level,
        "in_force": str(major_of(told.before.shortfall, terms.currency)),
        "new": str(major_of(told.after.shortfall, terms.currency)),
        "in_force_per_unit": rounded(told.before.tail_per_unit),
        "new_per_unit": rounded(told.after.tail_per_unit),
        "amplification": rounded(told.amplification),
    }


def _book(read: ReadPast, granted_minor: Ints, balance_share: float) -> Book:
    """Return the loans that a policy makes as a book of risk."""
    rows = np.flatnonzero(granted_minor)
    places: list[int] = rows.tolist()
    return Book.of(
        [read.names[place] for place in places],
        exposure=granted_minor[rows] * balance_share,
        pd=np.minimum(read.pd[rows], _PD_MOST),
        lgd=read.lgd[rows],
        sector=[read.industry[place] or _NO_INDUSTRY for place in places],
    )


def _swapped(
    read: ReadPast, places: npt.NDArray[np.int64], policy: Policy, decided: Decided
) -> list[dict[str, Any]]:
    """Return applications with the reason for which a policy does not approve them."""
    found: list[dict[str, Any]] = []
    by: list[int] = decided.row[places].tolist()
    for place, row in zip(places.tolist(), by, strict=True):
        reason = policy.rows[row].outcome.reason if row >= 0 else _NO_ROW
        number = policy.rows[row].number if row >= 0 else None
        found.append({"application": read.names[place], "row": number, "reason": reason})
    return found


def _tally(tally: Tally, unit: Currency) -> dict[str, Any]:
    return {
        "approved": tally.approved,
        "referred": tally.referred,
        "refused": tally.refused,
        "amount": str(major_of(tally.amount_minor, unit)),
        "expected_loss": str(major_of(tally.loss_minor, unit)),
        "profit": str(major_of(tally.profit_minor, unit)),
    }


def _groups(groups: Groups) -> list[dict[str, Any]]:
    ratio = groups.ratio(groups.new_share)
    return [
        {
            "group": name,
            "applications": int(groups.count[place]),
            "approved_pct": pct(float(groups.new_share[place])),
            "in_force_pct": pct(float(groups.old_share[place])),
            "ratio": f"{ratio[place]:.2f}",
        }
        for place, name in enumerate(groups.names)
    ]


def _lines(document: dict[str, Any]) -> list[str]:
    new, old = document["new"], document["in_force"]
    rows = [(name.replace("_", " "), str(new[name]), str(old[name])) for name in _TALLY]
    tail = document["tail"]
    if tail is not None:
        rows += [("tail", tail["new"], tail["in_force"])]
        rows += [("tail per unit", str(tail["new_per_unit"]), str(tail["in_force_per_unit"]))]
    lines = table([f"of {document['applications']}", "new", "in force"], rows)
    if tail is not None:
        lines += ["", f"amplification of the tail: {tail['amplification']}"]
    lines += ["", _listed("only the new policy approves", document["swap_in"])]
    lines.append(_listed("only the policy in force approves", document["swap_out"]))
    decided = [(each["row"] or "none", each["decided"], each["reason"])
               for each in document["by_row"]]  # fmt: skip
    lines += ["", *table(["row", "decided", "reason"], decided)]
    if document["groups"]:
        names = ("group", "applications", "approved_pct", "in_force_pct", "ratio")
        groups = [tuple(each[name] for name in names) for each in document["groups"]]
        lines += [
            "",
            *table(["group", "applications", "approved %", "in force %", "ratio"], groups),
        ]
    return lines


def _listed(what: str, swapped: Sequence[dict[str, Any]]) -> str:
    names = [f"{each['application']} ({each['reason']})" for each in swapped[:SHOWN_MOST]]
    more = f" and {len(swapped) - SHOWN_MOST} more" if len(swapped) > SHOWN_MOST else ""
    return f"{what}: {', '.join(names) or 'none'}{more}"
