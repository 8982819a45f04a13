"""``karez application pledge``: register a thing as security for a loan."""

from __future__ import annotations

from typing import Any

import click

from karez.doors.cli.application_options import (
    commands_of,
    open_desk,
    show_outcomes,
    step_options,
)
from karez.doors.cli.bookkeeping import preview_option
from karez.doors.cli.rights_options import thing
from karez.doors.cli.shell import Shell
from karez.doors.files.regimes import read_regimes
from karez.kernel.money import currency, parse_amount
from karez.services import origination
from karez.services.origination import Pledge, find_application
from karez.services.rights import Thing

_REGIMES = read_regimes()


@click.command()
@click.option("--kind", required=True, help="Of which kind, as the product accepts it.")
@click.option("--value", help="What it is worth; of receivables by default what is believed.")
@click.option(
    "--thing",
    "things",
    type=thing,
    multiple=True,
    metavar="SCHEME=NUMBER",
    help="By its number, such as MV=1HGCM82633A004352; may be repeated.",
)
@click.option("--description", default="", help="In words.")
@click.option(
    "--regime",
    type=click.Choice(list(_REGIMES), case_sensitive=False),
    default="MLST-A",
    show_default=True,
    metavar="NAME",
    help="The law that ranks competing claims.",
)
@preview_option
@step_options
def pledge(  # noqa: PLR0913 - one for each option
    shell: Shell,
    *,
    kind: str,
    value: str | None,
    things: tuple[Thing, ...],
    description: str,
    regime: str,
    preview: bool,
    **asked: Any,
) -> None:
    """Register a thing as security for APPLICATION, rank it, and show what it covers.

    Of receivables without a thing the invoices are meant that the loan is asked against.
    """  # fmt: skip
    if len(asked["applications"]) != 1:
        raise click.UsageError("a thing is pledged for one application")
    with open_desk(shell) as desk:
        unit = find_application(desk, asked["applications"][0]).asked.currency
        value_minor = 0 if value is None else parse_amount(value, currency(unit))
        pledges = commands_of(
            desk, Pledge, kind=kind, value_minor=value_minor, things=things,
            description=description, **asked,
        )  # fmt: skip
        outcomes = origination.pledge(desk, pledges, _REGIMES[regime], preview=preview)
        show_outcomes(shell, desk, outcomes, preview=preview, labels=("pledge",))
