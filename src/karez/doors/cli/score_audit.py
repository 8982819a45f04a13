"""``karez score audit``: is a score still right, fair, and asked about its own kind?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import click
import numpy as np

from karez.doors.cli.bookkeeping import lines_of
from karez.doors.cli.score_options import join_option, model_option, read_file, rejects_option
from karez.doors.cli.shell import ExitCode, Shell, command_options, table
from karez.doors.files.score_models import ScoreFile, read_score
from karez.doors.files.score_tables import Ask
from karez.engines.score.card import fairness_document
from karez.engines.score.fairness import Fairness
from karez.engines.score.watch import Watched, watch


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@model_option
@click.option(
    "--applicants",
    is_flag=True,
    help="The rows have no outcome yet: look only at who they are.",
)
@click.option("--group", "groups", multiple=True, metavar="COLUMN", help="Audit fairness by it.")
@click.option("--pd-below", type=float, metavar="PD", help="Which probabilities are approved.")
@click.option(
    "--challenger",
    type=click.Path(path_type=Path),
    metavar="MODEL",
    help="Compare another score on the same loans.",
)
@click.option(
    "--training",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The loans of the fit: say how far FILE lies outside them.",
)
@join_option
@rejects_option
@command_options
def audit(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    file: Path,
    model_file: Path,
    applicants: bool,
    groups: tuple[str, ...],
    pd_below: float | None,
    challenger: Path | None,
    training: Path | None,
    more: Path | None,
    rejects: Path | None,
) -> None:
    """Watch a score on the loans of FILE, whose outcomes it has not seen.

    Told are discrimination, calibration in each segment, drift of each feature beside what chance
    makes of it, fairness by group with intervals, and a challenger. Exit code 6 says that there is
    an alarm; 5 that rows were refused.
    """
    score = _with_options(read_score(model_file), groups, pd_below)
    loans, refused = read_file(shell, file, Ask(score.recipe, not applicants, more), rejects)
    before = None
    if training is not None:
        before = read_file(shell, training, Ask(score.recipe, False), None)[0].table
    edges, shares = score.card["score_edges"], score.card["score_shares"]
    found = watch(
        score.model,
        loans.table,
        loans.evidence,
        stakes=score.recipe.stakes,
        tenths=(np.array(edges), np.array(shares)),
        challenger=None if challenger is None else read_score(challenger).model,
        training=before,
    )
    document = {"alarms": list(found.alarms), **_document(found, loans.table.ids)}
    shell.show({**document, **refused.as_dict()}, _lines(found))
    refused.end(ExitCode.FOUND if found.alarms else ExitCode.DONE)


def _with_options(score: ScoreFile, groups: tuple[str, ...], pd_below: float | None) -> ScoreFile:
    recipe = score.recipe
    if groups:
        recipe = attrs.evolve(recipe, columns=attrs.evolve(recipe.columns, groups=groups))
    if pd_below is not None:
        recipe = attrs.evolve(recipe, stakes=attrs.evolve(recipe.stakes, pd_below=pd_below))
    return attrs.evolve(score, recipe=recipe)


def _document(found: Watched, ids: Any) -> dict[str, Any]:
    measures = None
    if found.measures is not None:
        measures = attrs.asdict(found.measures) | {"bias": found.measures.bias}
    overlap = None
    if found.overlap is not None:
        overlap = attrs.asdict(found.overlap) | {"outside_share": found.overlap.outside_share}
        rows = zip(ids, found.overlap.outside, strict=True)
        overlap["outside"] = {name: list(columns) for name, columns in rows if columns}
    return {
        "rows": found.rows,
        "measures": measures,
        "profit": found.profit,
        "columns": [attrs.asdict(each) | {"alarm": each.alarm} for each in found.columns],
        "segments": {name: attrs.asdict(each) for name, each in found.segments.items()},
        "fairness": None if found.fairness is None else fairness_document(found.fairness),
        "challenger": None if found.contest is None else attrs.asdict(found.contest),
        "overlap": overlap,
    }


def _lines(found: Watched) -> list[str]:
    pairs: list[tuple[str, object]] = [("loans", f"{found.rows:,}")]
    if found.measures is not None:
        pairs += [
            ("defaults", f"{found.measures.events:,}"),
            ("log-loss", f"{found.measures.log_loss:.4f}"),
            ("Brier", f"{found.measures.brier:.4f}"),
        ]
        if found.measures.auc is not None:
            pairs.append(("AUC", f"{found.measures.auc:.3f}"))
        pairs.append(("mean probability less observed rate", f"{found.measures.bias:+.4f}"))
    lines = lines_of(pairs)
    rows = [
        (each.column, f"{each.psi:.3f}", f"{each.psi_by_chance:.3f}", f"{each.psi_limit:.3f}")
        for each in found.columns
    ]
    lines += ["", *table(["column", "PSI", "by chance", "alarm above"], rows)]
    if found.fairness is not None:
        lines += ["", *_fairness(found.fairness)]
    if found.contest is not None:
        lines += ["", found.contest.words]
    alarms = [f"ALARM {words}" for words in found.alarms]
    return [*lines, "", *(alarms or ["No alarm."])]


def _fairness(fairness: Fairness) -> list[str]:
    rows = [
        (
            " and ".join(group.names),
            group.rows,
            group.approved,
            group.approval_ratio or "",
            group.good_difference or "",
            group.bad_difference or "",
            f"{group.calibration_z:+.1f}",
        )
        for groups in fairness.groups.values()
        for group in groups
    ]
    heading = ["group", "loans", "approved", "ratio", "of good", "of bad", "defaults z"]
    return [*table(heading, rows), *(f"not sure: {words}" for words in fairness.doubts)]
