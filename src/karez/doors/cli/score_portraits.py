"""``karez score portraits`` and ``karez score behind``: features of firms, and their facts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np

from karez.doors.cli.bookkeeping import known_at
from karez.doors.cli.evidence import open_evidence, write_file
from karez.doors.cli.shell import Shell, command_options, table
from karez.engines.score.portrait import FEATURES, Missing, find_feature
from karez.kernel.time import parse_date
from karez.services.portraits import Gallery, facts_behind, portray_all

_FACTS_SHOWN_MOST = 20


def _book_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say which facts count."""
    options = (
        click.option(
            "--as-of",
            type=parse_date,
            required=True,
            metavar="DATE",
            help="The last business day that counts.",
        ),
        known_at,
        click.option("--currency", metavar="CODE", help="Whose amounts count, if facts have more."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@_book_options
@click.option(
    "--out",
    "--output",
    "output",
    type=write_file,
    metavar="FILE",
    help="Write the portraits to FILE: .parquet, or CSV.",
)
@command_options
def portraits(
    shell: Shell,
    *,
    as_of: date,
    known_at: datetime | None,
    currency: str | None,
    output: Path | None,
) -> None:
    """Portray every firm that the facts book knows, as of a day.

    What happened later, or was recorded after --known-at, counts for nothing. A figure that
    cannot be known is missing, with a reason, and never nought.
    """
    with open_evidence(shell) as evidence:
        gallery = portray_all(evidence, as_of, known_at=known_at, currency=currency)
    document: dict[str, Any] = {
        "as_of": as_of,
        "known_at": known_at,
        "currency": gallery.gathered.currency,
        "parties": len(gallery.portraits.ids),
        "left_out": {why.name.lower(): n for why, n in gallery.gathered.left_out.items()},
    }
    if output is None:
        document["portraits"] = _documents(gallery)
    else:
        from karez.doors.files.portraits import write_portraits  # noqa: PLC0415 - Arrow is slow

        write_portraits(gallery.portraits, output)
        document["output"] = output
    shell.show(document, _lines(gallery, output))


def _documents(gallery: Gallery) -> dict[str, dict[str, Any]]:
    made = gallery.portraits
    documents: dict[str, dict[str, Any]] = {}
    for row, name in enumerate(made.ids):
        whys = {each: Missing(int(why[row])) for each, why in made.missing.items()}
        documents[name] = {
            "numbers": {
                each: float(made.numbers[each][row])
                for each, why in whys.items()
                if why is Missing.NOT
            },
            "missing": {
                each: why.name.lower() for each, why in whys.items() if why is not Missing.NOT
            },
            "labels": {each: texts[row] for each, texts in made.labels.items()},
        }
    return documents


def _lines(gallery: Gallery, output: Path | None) -> list[str]:
    made, gathered = gallery.portraits, gallery.gathered
    facts = sum(map(len, gathered.entries.values()))
    of_what = f"{facts:,} facts in {gathered.currency or 'no currency'}"
    lines = [f"portraits: {len(made.ids):,}, made of {of_what}"]
    lines += [f"{count:,} facts are left out: {why}" for why, count in gathered.left_out.items()]
    rows: list[tuple[object, ...]] = []
    for feature in FEATURES:
        values = made.numbers[feature.name]
        known = values[~np.isnan(values)]
        if len(known):
            low, middle, high = (f"{each:.4g}" for each in np.quantile(known, [0.1, 0.5, 0.9]))
            rows.append((feature.name, feature.unit, len(known), low, middle, high))
    lines += (
        ["", *table(["feature", "unit", "known", "10 %", "50 %", "90 %"], rows)] if rows else []
    )
    return [*lines, "", f"The portraits are in {output}."] if output else lines


@click.command()
@click.argument("party")
@click.argument("feature")
@_book_options
@command_options
def behind(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    party: str,
    feature: str,
    as_of: date,
    known_at: datetime | None,
    currency: str | None,
) -> None:
    """Name the facts that FEATURE in the portrait of PARTY rests on, by their index in the log.

    ``karez facts show`` opens each.
    """
    declared = find_feature(feature)
    with open_evidence(shell) as evidence:
        gallery = portray_all(evidence, as_of, known_at=known_at, currency=currency)
    facts = facts_behind(gallery, party, feature)
    row = gallery.portraits.ids.index(party)
    why = Missing(int(gallery.portraits.missing[feature][row]))
    value = float(gallery.portraits.numbers[feature][row]) if why is Missing.NOT else None
    shown = why.name.lower() if value is None else f"{value:.6g} {declared.unit}"
    document = {
        "party": party,
        "feature": feature,
        "value": value,
        "missing": None if value is not None else why.name.lower(),
        "facts": facts,
    }
    lines = [f"{feature}: {shown}", f"{declared.words}; it rests on {declared.basis.words}"]
    lines += [f"fact {index}" for index in facts[:_FACTS_SHOWN_MOST]]
    if len(facts) > _FACTS_SHOWN_MOST:
        lines.append(f"and {len(facts) - _FACTS_SHOWN_MOST:,} more; --json names them all")
    shell.show(document, lines)
