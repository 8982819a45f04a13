"""``karez loan rescore``: all loans that run are scored again as of the business date."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import attrs
import click

from karez.doors.cli.application_options import open_desk
from karez.doors.cli.bookkeeping import preview_option
from karez.doors.cli.shell import Shell, command_options, table
from karez.doors.files.score_models import read_score
from karez.kernel.ids import show_id
from karez.services import monitoring
from karez.services.monitoring import Rescored
from karez.services.origination import Score

SHOWN_MOST = 20
"""So many loans are shown, those whose probability has risen most first; stale ones are not."""


@click.command()
@click.option(
    "--model",
    "model_file",
    type=click.Path(path_type=Path),
    metavar="MODEL",
    required=True,
    help="The score, as `karez score fit` wrote it.",
)
@click.option("--by", metavar="NAME", help="Who does it; else who is logged in.")
@preview_option
@command_options
def rescore(shell: Shell, *, model_file: Path, by: str | None, preview: bool) -> None:
    """Score all loans that run again as of the business date, under consents for monitoring.

    Where no consent lets facts be read, the probability stays what it was, and is marked stale.
    Stages and provisions follow from the end of that day on. A preview reads no facts: it says
    under which days' consent they would be read.
    """
    score = Score.of(read_score(model_file).model)
    with open_desk(shell) as desk:
        done = monitoring.rescore(desk, score, actor=by or getpass.getuser(), preview=preview)
    stale = sum(each.is_stale for each in done.loans)
    document = {
        "on": done.on,
        "preview": preview,
        "model_sha256": score.sha256,
        "scored": len(done.loans) - stale,
        "stale": stale,
        "already": done.already,
        "loans": [_document(each) for each in done.loans],
    }
    said = "would be scored" if preview else "scored"
    total = (
        f"{len(done.loans) - stale:,} loans {said} as of {done.on}, {stale:,} stale,"
        f" {done.already:,} scored before."
    )
    shell.show(document, [*_page(done.loans), total])


def _document(one: Rescored) -> dict[str, Any]:
    use = None if one.use_id is None else show_id("use", one.use_id)
    return attrs.asdict(one) | {"use_id": use}


def _page(loans: list[Rescored]) -> list[str]:
    fresh = [each for each in loans if not each.is_stale]
    if not fresh:
        return []
    fresh.sort(key=lambda one: (one.pd_before - one.pd, one.loan_number))
    rows = [
        (one.loan_number, f"{one.pd_before:.1%}", f"{one.pd:.1%}",
         f"{one.pd_low:.1%} to {one.pd_high:.1%}", "; ".join(one.reasons))
        for one in fresh[:SHOWN_MOST]
    ]  # fmt: skip
    return table(["loan", "before", "pd", "from to", "reasons"], rows)
