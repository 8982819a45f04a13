"""``karez risk ecl``: the stage of each loan and its provision under IFRS 9."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click
import numpy as np

from karez.doors.cli.risk_options import decimals_option, end, money, say_faults
from karez.doors.cli.shell import Shell, command_options, table
from karez.doors.files.receivables import ReceivableBook, read_receivables
from karez.doors.files.risk_models import read_paths
from karez.engines.risk.ecl import AS_TODAY, Provisions, Why, provisions
from karez.kernel.time import parse_date


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--as-of", required=True, type=parse_date, metavar="DATE", help="The day.")
@click.option(
    "--paths",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Weighted paths of the economy, in TOML; by default all stays as it is.",
)
@decimals_option
@click.option("--top", default=10, metavar="N", help="Show so many loans; 10 by default.")
@command_options
def ecl(  # noqa: PLR0913 - one argument for each option
    shell: Shell, *, file: Path, as_of: date, paths: Path | None, decimals: int, top: int
) -> None:
    """Stage the loans in FILE on a day, and provide for them from their contract cash flows.

    FILE is CSV or Parquet with a row a loan: id, principal, rate_pct_year, begins, first_due,
    matures, pd, lgd, and where they apply kind (annuity, linear, bullet), cycle_months,
    pd_at_start, overdue, days_past_due, forborne_on, forborne_in_default, watched. With --json
    every loan is shown. A row that is wrong is named on the error channel; the others are counted,
    and the exit code is then 5.
    """
    read = read_receivables(file, as_of, decimals)
    say_faults(shell, read.faults)
    economy = AS_TODAY if paths is None else read_paths(paths)
    day = (as_of - date(1970, 1, 1)).days
    found = provisions(read.loans, read.schedules, day, paths=economy)
    rows = _rows(read, found, decimals)
    stages = [_stage(found, stage, decimals) for stage in (1, 2, 3)]
    document = {"as_of": as_of, "stages": stages, "loans": rows}
    largest: list[int] = np.argsort(-found.provision_minor, kind="stable")[:top].tolist()
    heads = ["stage", "loans", "exposure", "provision"]
    lines = table(heads, [tuple(one.values()) for one in stages])
    heads = ["loan", "stage", "why", "exposure", "12 months", "lifetime", "provision"]
    lines += ["", *table(heads, [tuple(rows[row].values()) for row in largest])]
    shell.show(document, lines)
    end(read.faults)


def _stage(found: Provisions, stage: int, decimals: int) -> dict[str, Any]:
    here = found.stage == stage
    return {
        "stage": stage,
        "loans": int(here.sum()),
        "exposure": money(found.exposure_minor[here].sum(), decimals),
        "provision": money(found.provision_minor[here].sum(), decimals),
    }


def _rows(read: ReceivableBook, found: Provisions, decimals: int) -> list[dict[str, Any]]:
    return [
        {
            "id": name,
            "stage": int(found.stage[row]),
            "why": Why(int(found.why[row])).name.lower().replace("_", " "),
            "exposure": money(found.exposure_minor[row], decimals),
            "twelve_months": money(found.twelve_months_minor[row], decimals),
            "lifetime": money(found.lifetime_minor[row], decimals),
            "provision": money(found.provision_minor[row], decimals),
        }
        for row, name in enumerate(read.loans.ids)
    ]
