"""``karez trust``: how far to believe a trade."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import attrs
import click

from karez.doors.cli.bookkeeping import exit_with, major
from karez.doors.cli.shell import ExitCode, Shell, command_options, say, table
from karez.doors.files.trades import Trades, read_trades
from karez.engines.trust import (
    SEED_OCTETS,
    Assessment,
    Kind,
    Rules,
    Verdict,
    assess,
    commitment,
    draw,
)


@click.group()
def trust() -> None:
    """Say how far to believe a trade; no database is needed."""


@trust.command("assess")
@click.argument("file", type=click.Path(path_type=Path))
@command_options
def assess_(shell: Shell, *, file: Path) -> None:
    """Show what of each advance in FILE can be believed, and why.

    FILE is a JSON object of tables, or a folder with a file of JSON lines for each. Exit code 6
    says that a check found something. A row that is wrong is named on the error channel, and its
    advance left out; the exit code is then 5.
    """
    trades = read_trades(file)
    for fault in trades.faults:
        say(fault, as_json=shell.as_json)
    found = assess(trades.evidence)
    shell.show({"advances": _documents(trades, found)}, _lines(trades, found))
    if trades.faults:
        exit_with(ExitCode.INVALID_INPUT)
    exit_with(ExitCode.FOUND if (found.verdict > Verdict.PASS).any() else ExitCode.DONE)


def _seed(_context: click.Context, _parameter: click.Parameter, value: str | None) -> bytes:
    """Return the seed that is given in hexadecimal, or a new one."""
    if value is None:
        return secrets.token_bytes(SEED_OCTETS)
    try:
        seed = bytes.fromhex(value)
    except ValueError:
        seed = b""
    if len(seed) != SEED_OCTETS:
        raise click.BadParameter(f"a seed is {SEED_OCTETS} octets in hexadecimal")
    return seed


@trust.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--seed", metavar="HEX", callback=_seed, help="The seed of an earlier draw.")
@click.option(
    "--share",
    "share_pct",
    type=click.FloatRange(0, 100),
    default=Rules().revisit_pct,
    show_default=True,
    help="How many of a hundred visits are drawn.",
)
@command_options
def revisits(shell: Shell, *, file: Path, seed: bytes, share_pct: float) -> None:
    """Draw which visits in FILE are made again, blind.

    Publish the commitment before the visits are made again, and the seed afterwards: with it anyone
    draws the same visits. Without a seed a new one is made.
    """
    trades = read_trades(file)
    for fault in trades.faults:
        say(fault, as_json=shell.as_json)
    evidence = trades.evidence
    ids = [evidence.name("visits", row) for row in range(len(evidence.visits))]
    drawn = [
        {
            "visit": visit,
            "officer": evidence.name("parties", int(made["officer"])),
            "advance": evidence.name("advances", int(made["advance"])),
        }
        for visit, made, again in zip(
            ids, evidence.visits, draw(seed, ids, share_pct), strict=True
        )
        if again
    ]  # fmt: skip
    document = {
        "commitment": commitment(seed),
        "seed": seed.hex(),
        "share_pct": share_pct,
        "visits": len(ids),
        "drawn": drawn,
    }
    lines = [
        f"commitment  {document['commitment']}",
        f"seed        {document['seed']}",
        f"drawn       {len(drawn)} of {len(ids)}",
    ]
    rows = [tuple(each.values()) for each in drawn]
    shell.show(document, [*lines, "", *table(["visit", "officer", "advance"], rows)])
    exit_with(ExitCode.INVALID_INPUT if trades.faults else ExitCode.DONE)


def _documents(trades: Trades, found: Assessment) -> list[dict[str, Any]]:
    return [
        {
            "advance": trades.evidence.name("advances", row),
            "against": Kind(int(trades.evidence.advances["kind"][row])).name.lower(),
            "party": trades.evidence.name("parties", int(trades.evidence.advances["party"][row])),
            "currency": unit,
            "amount": major(int(trades.evidence.advances["amount_minor"][row]), unit),
            "believable": major(int(found.believable_minor[row]), unit),
            "verdict": _word(found, row),
            "reasons": [
                attrs.asdict(reason) | {"verdict": reason.verdict.name.lower()}
                for reason in found.reasons(row)
            ],
        }
        for row, unit in enumerate(trades.currencies)
    ]


def _lines(trades: Trades, found: Assessment) -> list[str]:
    advances = trades.evidence.advances
    rows = [
        (
            trades.evidence.name("advances", row),
            Kind(int(advances["kind"][row])).name.lower(),
            unit,
            major(int(advances["amount_minor"][row]), unit),
            major(int(found.believable_minor[row]), unit),
            _word(found, row),
        )
        for row, unit in enumerate(trades.currencies)
    ]
    lines = table(["advance", "against", "currency", "amount", "believable", "verdict"], rows)
    for row in range(len(rows)):
        reasons = [one for one in found.reasons(row) if one.verdict > Verdict.PASS]
        if reasons:
            lines += ["", rows[row][0]]
            lines += [f"  {one.check_id}: {one.words}" for one in reasons]
    return lines


def _word(found: Assessment, row: int) -> str:
    return Verdict(int(found.verdict[row])).name.lower()
