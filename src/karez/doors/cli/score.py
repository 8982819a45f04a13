"""``karez score``: what can be said of customers, from portraits to a probability of default."""

from __future__ import annotations

import click

from karez.doors.cli.shell import LazyGroup

COMMANDS = {
    "portraits": (
        "karez.doors.cli.score_portraits:portraits",
        "Portray firms as of a day, from the facts book.",
    ),
    "behind": (
        "karez.doors.cli.score_portraits:behind",
        "Name the facts behind one figure of a portrait.",
    ),
}


@click.command(cls=LazyGroup, table=COMMANDS)
def score() -> None:
    """Score few, unlike customers."""
