"""Print docs/reference/commands.md as the command line has it; ``--write`` it in its place."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from karez.doors.cli import cli

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "commands.md"
_OF_ALL = {"--json", "--institution", "--help"}
INTRODUCTION = """\
# Commands

<!-- Made by scripts/commands_page.py --write from the commands themselves. -->

Every command takes `--json`, and then prints one JSON document: amounts as text in major units,
dates and instants in the form of ISO 8601. It takes `--institution CODE` too, which says whose
books are meant. What went wrong goes to the error channel, as `error[code]: sentence` or with
`--json` as `{"error": {"code", "message", "details"}}`; the codes are in [errors](errors.md).

| exit code | what it says |
| --- | --- |
| 0 | done |
| 1 | failed: something that Karez needs is not at hand, or a fault of its own |
| 2 | wrong usage |
| 3 | what was named is not there |
| 4 | a conflict with what already stands |
| 5 | invalid input |
| 6 | a check found something |

A file of which some rows were refused ends with 5, or with 4 where all of them are conflicts; the
other rows are done all the same, unless it was `--atomic`.
"""


def commands(
    group: click.Command = cli, path: tuple[str, ...] = ("karez",)
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Give every command that does something, with the words that call it."""
    if not isinstance(group, click.Group):
        yield path, group
        return
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, f"{name} is listed"
        yield from commands(command, (*path, name))


def page() -> str:
    """Return the text of the page."""
    return INTRODUCTION + "".join(_section(path, command) for path, command in commands())


def _section(path: tuple[str, ...], command: click.Command) -> str:
    context = click.Context(command, info_name=" ".join(path))
    usage = " ".join([*path, *command.collect_usage_pieces(context)])
    text = "\n\n".join(
        " ".join(paragraph.split())
        for paragraph in inspect.cleandoc(command.help or "").split("\n\n")
    )
    options = [
        f"| `{_in_cell(record[0])}` | {_in_cell(record[1])} |"
        for parameter in command.get_params(context)
        if not _OF_ALL.intersection(parameter.opts)
        if (record := parameter.get_help_record(context)) and record[1]
    ]
    table = ["", "| option | what it does |", "| --- | --- |", *options] if options else []
    return "\n".join(["", f"## {' '.join(path)}", "", f"`{usage}`", "", text, *table]) + "\n"


def _in_cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page(), end="")
