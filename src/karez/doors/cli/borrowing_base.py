"""``karez rights borrowing-base``: how much may be lent against receivables and goods."""

from __future__ import annotations

from pathlib import Path

import click

from karez.doors.cli.shell import Shell, command_options, table
from karez.doors.files.borrowing import answer_borrowing_base


@click.command("borrowing-base")
@click.argument("file", type=click.Path(path_type=Path))
@command_options
def borrowing_base(shell: Shell, *, file: Path) -> None:
    """Show the borrowing base of FILE, step by step; no database is needed.

    FILE is TOML: the steps of the agreement in their order, rates, reserves, and each debtor with
    its lines. Amounts are in minor units.
    """
    answer = answer_borrowing_base(file)
    rows: list[tuple[object, ...]] = [
        (f"less {step['step']}", step["taken_minor"]) for step in answer["steps"]
    ]
    rows += [
        ("eligible", answer["eligible_minor"]),
        ("rate", answer["receivables_rate"]),
        ("reserves", sum(answer["reserves"].values())),
        ("borrowing base", answer["borrowing_base_minor"]),
    ]
    shell.show(answer, table(["", "minor units"], rows))
