"""``karez price``: the table of its commands; each module is imported when it is called."""

from __future__ import annotations

import click

from karez.doors.cli.shell import LazyGroup

_POLICY = "karez.doors.cli.price_policy"
POLICY_COMMANDS = {
    "check": (f"{_POLICY}:check", "Look for dead rows, gaps and clashes."),
    "simulate": (f"{_POLICY}:simulate", "Try a policy on past applications."),
}


@click.command(cls=LazyGroup, table=POLICY_COMMANDS)
def policy() -> None:
    """Check policies, and try them before they go live."""


COMMANDS = {
    "plan": ("karez.doors.cli.price_plan:plan", "Spread a year's budget over firms."),
    "rate": ("karez.doors.cli.price_rate:rate", "Show what loans must bring, and the best rate."),
    "policy": ("karez.doors.cli.price:policy", "Check policies, and try them on the past."),
}


@click.command(cls=LazyGroup, table=COMMANDS)
def price() -> None:
    """Price loans, plan a year's lending, and try policies; no database is needed."""
