"""``karez rights``: who may claim which thing, and in which order."""

from __future__ import annotations

import click

from karez.doors.cli.borrowing_base import borrowing_base
from karez.doors.cli.rights_rank import rank


@click.group()
def rights() -> None:
    """Rank claims on a thing, and value what secures a loan."""


rights.add_command(rank)
rights.add_command(borrowing_base)
