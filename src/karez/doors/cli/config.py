"""``karez config``: what this run goes by, and why."""

from __future__ import annotations

import click

from karez.doors.cli.shell import Shell, command_options, table


@click.group()
def config() -> None:
    """Show the settings."""


@config.command()
@click.option("--origin", is_flag=True, help="Say where each value comes from.")
@command_options
def show(shell: Shell, *, origin: bool) -> None:
    """Show every setting and its value."""
    entries = shell.config.entries()
    document = {
        name: {"value": value, "origin": source} if origin else value
        for name, value, source in entries
    }
    headings = ["setting", "value", "origin"] if origin else ["setting", "value"]
    shell.show(document, table(headings, (entry[: len(headings)] for entry in entries)))
