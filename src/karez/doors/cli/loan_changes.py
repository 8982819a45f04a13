"""``karez loan restructure`` and the other changes of what was agreed."""

from __future__ import annotations

import click

from karez.doors.cli.loan_options import Asked, act, act_options, loan_argument
from karez.doors.cli.shell import Shell, command_options
from karez.engines.servicing.events import ReAgeInterest, ReAmortiseInterest
from karez.engines.servicing.terms import Unit


@click.command()
@loan_argument
@click.option("--extend", metavar="COUNT", help="Add so many instalments at the end.")
@click.option(
    "--move-due",
    metavar="DATE",
    help="Move the instalment due --on, and later ones, to this day.",
)
@click.option("--spread-arrears", is_flag=True, help="Spread what is overdue over what is to come.")
@click.option(
    "--interest",
    type=click.Choice([kind.value for kind in ReAmortiseInterest]),
    help="What spreading does with overdue interest.",
)
@act_options
@command_options
def restructure(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    loan: str,
    extend: str | None,
    move_due: str | None,
    spread_arrears: bool,
    interest: str | None,
    asked: Asked,
) -> None:
    """Change how LOAN is repaid: one of --extend, --move-due and --spread-arrears."""
    ways = [extend is not None, move_due is not None, spread_arrears]
    if sum(ways) != 1:
        raise click.UsageError("say one of --extend, --move-due and --spread-arrears")
    if extend is not None:
        act(shell, loan, "extension", asked, {"instalments": extend})
    elif move_due is not None:
        act(shell, loan, "due-date-move", asked, {"to": move_due})
    else:
        act(shell, loan, "re-amortise", asked, {"interest": interest})


@click.command("re-age")
@loan_argument
@click.option("--first-due", metavar="DATE", required=True, help="When the first of them is due.")
@click.option("--instalments", metavar="COUNT", required=True, help="How many there are.")
@click.option("--every", metavar="COUNT", default="1", show_default=True, help="Every so many …")
@click.option(
    "--unit",
    type=click.Choice([unit.value for unit in Unit]),
    default=Unit.MONTHS.value,
    show_default=True,
    help="… of these.",
)
@click.option(
    "--interest",
    type=click.Choice([kind.value for kind in ReAgeInterest]),
    help="What it does with open interest.",
)
@act_options
@command_options
def re_age(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    loan: str,
    first_due: str,
    instalments: str,
    every: str,
    unit: str,
    interest: str | None,
    asked: Asked,
) -> None:
    """Spread all that is open of LOAN over new instalments."""
    texts = {
        "first_due": first_due,
        "instalments": instalments,
        "every": every,
        "unit": unit,
        "interest": interest,
    }
    act(shell, loan, "re-age", asked, texts)


@click.command()
@loan_argument
@click.option("--until", metavar="DATE", required=True, help="The last day without interest.")
@act_options
@command_options
def pause(shell: Shell, *, loan: str, until: str, asked: Asked) -> None:
    """Let no interest run on LOAN from --on until a day."""
    act(shell, loan, "interest-pause", asked, {"until": until})


@click.command()
@loan_argument
@click.argument("rate_pct_year")
@act_options
@command_options
def rate(shell: Shell, *, loan: str, rate_pct_year: str, asked: Asked) -> None:
    """Let RATE_PCT_YEAR, in per cent a year, apply to LOAN from --on."""
    act(shell, loan, "rate-change", asked, {"rate_pct_year": rate_pct_year})
