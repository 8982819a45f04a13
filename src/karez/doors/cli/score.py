"""``karez score``: what can be said of customers, from portraits to a probability of default."""

from __future__ import annotations

import click

from karez.doors.cli.shell import LazyGroup

_FIT = "karez.doors.cli.score_fit"
_APPLY = "karez.doors.cli.score_apply"
COMMANDS = {
    "recipe": (f"{_FIT}:recipe", "Draft a recipe from the columns of a file."),
    "fit": (f"{_FIT}:fit", "Fit a score to loans, and write its card."),
    "apply": (f"{_APPLY}:apply_", "Give each loan a default probability, points and reasons."),
    "explain": (f"{_APPLY}:explain_", "Show all that moved the score of a loan."),
    "card": (f"{_FIT}:card", "Show the card of a score."),
    "audit": ("karez.doors.cli.score_audit:audit", "Watch a score on later loans."),
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
