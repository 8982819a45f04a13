"""``karez score apply`` and ``explain``: what a score says of loans, and why."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import attrs
import click
import numpy as np

from karez.doors.cli.score_options import model_option, read_file, rejects_option
from karez.doors.cli.shell import Shell, command_options, table
from karez.doors.files.errors import FileUnwritableError
from karez.doors.files.score_errors import LoanUnknownError
from karez.doors.files.score_models import read_score
from karez.doors.files.score_tables import Ask
from karez.engines.score import Reason, Scores, apply, explain
from karez.engines.score.points import base_points
from karez.engines.score.scorecard import parts

REASONS = 4
FIELDS = ("id", "pd", "pd_low", "pd_high", "points", "reasons")


@click.command("apply")
@click.argument("file", type=click.Path(path_type=Path))
@model_option
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="CSV",
    help="Write the scores to this file as well.",
)
@rejects_option
@command_options
def apply_(
    shell: Shell, *, file: Path, model_file: Path, out: Path | None, rejects: Path | None
) -> None:
    """Score the loans or applicants of FILE: default probability, interval, points, reasons.

    With nine chances in ten the probability lies in the interval. A reason is what makes a loan
    riskier than the average one of the fit, the largest first. A row that is wrong is refused, and
    the exit code is then 5.
    """
    score = read_score(model_file)
    loans, refused = read_file(shell, file, Ask(score.recipe, False), rejects)
    scores = apply(score.model, loans.table)
    reasons = explain(score.model, loans.table, REASONS)
    found = {name: _document(scores, row, reasons[row]) for row, name in enumerate(loans.table.ids)}
    if out is not None:
        _write_csv(out, found)
    rows = [
        (
            name,
            f"{each['pd']:.1%}",
            f"{each['pd_low']:.1%} to {each['pd_high']:.1%}",
            each["points"],
            "; ".join(f"{reason['words']} ({reason['points']:+d})" for reason in each["reasons"]),
        )
        for name, each in found.items()
    ]
    refused.tell(shell)
    shell.show(found, table(["id", "pd", "from to", "points", "reasons"], rows))
    refused.end()


def _document(scores: Scores, row: int, reasons: list[Reason]) -> dict[str, Any]:
    return {
        "pd": float(scores.pd[row]),
        "pd_low": float(scores.pd_low[row]),
        "pd_high": float(scores.pd_high[row]),
        "points": int(scores.points[row]),
        "reasons": [attrs.asdict(reason) for reason in reasons],
    }


def _write_csv(path: Path, found: dict[str, dict[str, Any]]) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(FIELDS)
            for name, each in found.items():
                words = "; ".join(reason["words"] for reason in each["reasons"])
                writer.writerow([name, *(each[field] for field in FIELDS[1:-1]), words])
    except OSError as fault:
        raise FileUnwritableError(file=path, reason=fault.strerror) from fault


@click.command("explain")
@click.argument("file", type=click.Path(path_type=Path))
@model_option
@click.option("--id", "name", required=True, metavar="ID", help="Which loan of the file.")
@rejects_option
@command_options
def explain_(
    shell: Shell, *, file: Path, model_file: Path, name: str, rejects: Path | None
) -> None:
    """Show how the points of one loan of FILE come about, feature by feature; they add up.

    ``loans`` is how many loans of the fit were like it: with few, the effect is drawn to nothing.
    """
    score = read_score(model_file)
    loans, refused = read_file(shell, file, Ask(score.recipe, False), rejects)
    refused.tell(shell)
    if name not in loans.table.ids:
        raise LoanUnknownError(file=file, id=name)
    one = loans.table.take(np.array([list(loans.table.ids).index(name)]))
    scores = apply(score.model, one)
    lines = parts(score.model, one)[0]
    document = {"id": name, **_document(scores, 0, explain(score.model, one, REASONS)[0])}
    document |= {"base_points": base_points(score.model), "parts": list(map(attrs.asdict, lines))}
    rows: list[tuple[object, ...]] = [("the average loan", "", document["base_points"], "")]
    rows += [(line.words, line.value, line.points, f"{line.loans:,.0f}") for line in lines]
    rows.append(("all together", "", document["points"], ""))
    said = (
        f"{name}: default probability {document['pd']:.1%}"
        f" ({document['pd_low']:.1%} to {document['pd_high']:.1%}), {document['points']} points"
    )
    shell.show(document, [said, "", *table(["", "value", "points", "loans"], rows)])
    refused.end()
