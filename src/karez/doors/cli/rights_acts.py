"""``karez rights register`` and the other acts: what changes a right."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import click

from karez.doors.cli.rights_options import (
    Asked,
    amount_of,
    debtor_options,
    end_option,
    event_options,
    right_id,
    run_act,
    with_options,
)
from karez.doors.cli.shell import Shell, command_options
from karez.kernel.ids import new_id
from karez.kernel.time import parse_date, parse_instant
from karez.services.rights import (
    Amend,
    Cancel,
    Claim,
    Finance,
    Kind,
    Register,
    Release,
    Renew,
    Reserve,
    Subordinate,
    Transfer,
)

_claim_options = with_options(
    click.option(
        "--kind",
        type=click.Choice([kind.value for kind in Kind]),
        required=True,
        help="Which claim.",
    ),
    click.option("--holder", required=True, help="Who has it: lender, lessor, controller."),
    *debtor_options,
    click.option("--attached-on", type=parse_date, metavar="DATE", help="When it arose."),
    click.option("--rules", default="own", help="The register whose rules it follows."),
    end_option,
    click.option("--id", "chosen", type=right_id, metavar="RIGHT", help="Choose its id."),
    *event_options,
)
_right = click.argument("right", type=right_id)


@click.command()
@_claim_options
@command_options
def register(shell: Shell, *, chosen: UUID | None, **options: Any) -> None:
    """Register a claim on things. It takes effect when it is recorded, and can be found."""
    claim, asked = _claim(options)
    run_act(shell, chosen or new_id(), Register(claim), asked, "is registered")


@click.command()
@click.option(
    "--keep-until", type=parse_instant, metavar="INSTANT", required=True, help="When it expires."
)
@_claim_options
@command_options
def reserve(shell: Shell, *, keep_until: datetime, chosen: UUID | None, **options: Any) -> None:
    """Keep a thing for one lender until an instant; whoever else asks is refused.

    Name an invoice by its fingerprints: --thing F1=..., F2=..., F3=...
    """
    claim, asked = _claim(options)
    run_act(shell, chosen or new_id(), Reserve(claim, keep_until), asked, "is reserved")


@click.command()
@_right
@click.option("--reviewed-by", default="", help="Who compared it with what is alike.")
@with_options(*event_options)
@command_options
def finance(shell: Shell, *, right: UUID, reviewed_by: str, **options: Any) -> None:
    """Put the reserved claim RIGHT in force: the thing is financed."""
    run_act(shell, right, Finance(reviewed_by), Asked(**options), "is financed")


@click.command()
@_right
@with_options(*debtor_options, *event_options)
@command_options
def amend(shell: Shell, *, right: UUID, **options: Any) -> None:
    """Change the claim RIGHT: what is given replaces what stood, the rest stays."""
    debtors = (*options.pop("businesses"), *options.pop("persons"))
    unit, amount = options.pop("unit"), options.pop("amount")
    act = Amend(
        debtors=debtors or None,
        things=options.pop("things") or None,
        description=options.pop("description"),
        amount_minor=amount_of(amount, unit),
        currency=unit,
    )
    run_act(shell, right, act, Asked(**options), "is amended")


@click.command()
@_right
@click.option("--from", "giver", required=True, help="Who holds it now.")
@click.option("--to", "taker", required=True, help="Who shall hold it.")
@with_options(*event_options)
@command_options
def transfer(shell: Shell, *, right: UUID, giver: str, taker: str, **options: Any) -> None:
    """Pass RIGHT from its holder to another. Of two who try at once, one succeeds."""
    run_act(shell, right, Transfer(giver, taker), Asked(**options), f"is held by {taker}")


@click.command()
@_right
@click.option("--under", type=right_id, required=True, metavar="RIGHT", help="What goes first.")
@with_options(*event_options)
@command_options
def subordinate(shell: Shell, *, right: UUID, under: UUID, **options: Any) -> None:
    """Let another claim go before the claim RIGHT."""
    run_act(shell, right, Subordinate(under), Asked(**options), "stands behind another")


@click.command()
@_right
@end_option
@with_options(*event_options)
@command_options
def renew(shell: Shell, *, right: UUID, until: datetime | None, **options: Any) -> None:
    """Let the claim RIGHT go on; one that ended too, within the days its register allows."""
    run_act(shell, right, Renew(until), Asked(**options), "is renewed")


@click.command()
@_right
@click.option("--reason", default="", help="Why.")
@with_options(*event_options)
@command_options
def release(shell: Shell, *, right: UUID, reason: str, **options: Any) -> None:
    """Discharge the claim RIGHT."""
    run_act(shell, right, Release(reason), Asked(**options), "is released")


@click.command()
@_right
@click.option("--reason", default="", help="Why.")
@with_options(*event_options)
@command_options
def cancel(shell: Shell, *, right: UUID, reason: str, **options: Any) -> None:
    """Give up the reservation RIGHT."""
    run_act(shell, right, Cancel(reason), Asked(**options), "is cancelled")


def _claim(options: dict[str, Any]) -> tuple[Claim, Asked]:
    """Return the claim that the options describe, and how the act was asked for."""
    attached_on: date | None = options.pop("attached_on")
    unit, amount = options.pop("unit"), options.pop("amount")
    claim = Claim(
        kind=Kind(options.pop("kind")),
        holder=options.pop("holder"),
        debtors=(*options.pop("businesses"), *options.pop("persons")),
        things=options.pop("things"),
        description=options.pop("description") or "",
        amount_minor=amount_of(amount, unit),
        currency=unit,
        attached_on=attached_on,
        ends_at=options.pop("until"),
        rules=options.pop("rules"),
    )
    return claim, Asked(**options)
