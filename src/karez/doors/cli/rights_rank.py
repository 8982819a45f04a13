"""``karez rights rank``: who is paid first of competing claims, why, and how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from karez.doors.cli.bookkeeping import exit_with
from karez.doors.cli.shell import ExitCode, Shell, command_options, say, table
from karez.doors.files.priority_cases import answer_cases, read_cases
from karez.doors.files.regimes import read_regimes
from karez.doors.files.rows import Format
from karez.doors.files.tables import format_of
from karez.kernel.errors import KarezError


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--regimes",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="FOLDER",
    help="Bodies of law of your own, one TOML file each, beside those that come with Karez.",
)
@command_options
def rank(shell: Shell, *, file: Path, folder: Path | None) -> None:
    """Rank the claims of the cases in FILE, and hand out what a sale brought; no database needed.

    FILE is a JSON list of cases: an id, and facts of an asset, the claims on it, a day and a
    regime. One case a line (.jsonl) is read and answered line by line, in little memory. A case
    that is wrong is named on the error channel; the others are ranked. The exit code is then 5.
    """
    one_by_one = format_of(file) is Format.JSONL
    kept: dict[str, Mapping[str, Any]] = {}
    faulty = False
    for name, answer in answer_cases(read_cases(file), read_regimes(folder)):
        if isinstance(answer, KarezError):
            say(answer, as_json=shell.as_json)
            faulty = True
            continue
        for field in answer.get("not_looked_at", ()):
            click.echo(f"case {name}: {field} is not looked at", err=True)
        if not shell.as_json or one_by_one:  # nothing is kept, however many there are
            shell.show(
                {name: answer}, [f"{name} ({answer['regime']['name']})", *_lines(answer), ""]
            )
        else:
            kept[name] = answer
    if shell.as_json and not one_by_one:
        shell.show(kept, ())
    exit_with(ExitCode.INVALID_INPUT if faulty else ExitCode.DONE)


def _lines(answer: Mapping[str, Any]) -> list[str]:
    paid: Mapping[str, int] = answer.get("distribution", {})
    rows: list[Sequence[object]] = []
    if "costs" in paid:
        rows.append(("", "costs", paid["costs"]))
    for place, tier in enumerate(answer["ranking"], 1):
        rows += [(place, claim, paid.get(claim, "")) for claim in tier]
    rows += [("", claim, "cut off") for claim in answer.get("cut_off", ())]
    rows += [("", name, paid[name]) for name in ("undetermined", "debtor") if name in paid]
    reasons = [f"  {reason}" for reason in answer["reasons"]]
    return [*table(["rank", "claim", "paid"], rows), *reasons]
