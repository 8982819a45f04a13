"""``karez application assess``, ``vote``, ``decide``, ``offer``, ``accept``, ``book`` and so on."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from karez.doors.cli.application_options import (
    commands_of,
    open_desk,
    show_outcomes,
    step_options,
)
from karez.doors.cli.bookkeeping import preview_option
from karez.doors.cli.shell import Shell
from karez.doors.files.score_models import read_score
from karez.kernel.money import currency, parse_amount
from karez.kernel.time import parse_date
from karez.services import origination
from karez.services.origination import (
    Acceptance,
    Choice,
    Command,
    Payout,
    Proposal,
    Score,
    Vote,
    find_application,
)


@click.command()
@click.option(
    "--model",
    "model_file",
    type=click.Path(path_type=Path),
    metavar="MODEL",
    help="The score, as `karez score fit` wrote it; without, the rate that the product states.",
)
@preview_option
@step_options
def assess(shell: Shell, *, model_file: Path | None, preview: bool, **asked: Any) -> None:
    """Assess applications: facts under consent, trust, score, price and limit, with all reasons.

    What is refused at a step goes no further, and can be assessed again once that is mended.
    A preview reads no facts: it says under which consent they would be read.
    """
    score = None if model_file is None else Score.of(read_score(model_file).model)
    with open_desk(shell) as desk:
        commands = commands_of(desk, Command, **asked)
        outcomes = origination.assess(desk, commands, score, preview=preview)
        show_outcomes(shell, desk, outcomes, preview=preview, labels=())


@click.command()
@click.option("--for/--against", "approve", required=True, help="How --by votes.")
@preview_option
@step_options
def vote(shell: Shell, *, approve: bool, preview: bool, **asked: Any) -> None:
    """Vote for or against applications that a committee decides. Say who and why.

    Who submitted an application, and whose customer it is, has no vote on it; all others have one.
    """
    with open_desk(shell) as desk:
        votes = commands_of(desk, Vote, approve=approve, **asked)
        outcomes = origination.vote(desk, votes, preview=preview)
        show_outcomes(shell, desk, outcomes, preview=preview, labels=("policy", "votes"))


@click.command()
@click.option(
    "--override",
    type=click.Choice(["approve", "refuse"]),
    help="Decide otherwise than policy or committee; say why.",
)
@click.option("--amount", help="How much, where an override approves.")
@preview_option
@step_options
def decide(
    shell: Shell, *, override: str | None, amount: str | None, preview: bool, **asked: Any
) -> None:
    """Decide applications that were assessed: by policy, by the votes, or by override.

    The decision is a fact, with its reasons and the digests of what it rests on.
    """
    with open_desk(shell) as desk:
        amount_minor = None
        if amount is not None:
            if len(asked["applications"]) != 1:
                raise click.UsageError("--amount is of one application")
            found = find_application(desk, asked["applications"][0])
            amount_minor = parse_amount(amount, currency(found.asked.currency))
        choices = commands_of(
            desk,
            Choice,
            override=None if override is None else override == "approve",
            amount_minor=amount_minor,
            **asked,
        )
        outcomes = origination.decide(desk, choices, preview=preview)
        show_outcomes(shell, desk, outcomes, preview=preview, labels=("decision",))


@click.command()
@click.option("--starts-on", type=parse_date, metavar="DATE", help="When the loan would start.")
@click.option(
    "--valid-until", type=parse_date, metavar="DATE", help="Until when; by default 30 days."
)
@preview_option
@step_options
def offer(
    shell: Shell,
    *,
    starts_on: date | None,
    valid_until: date | None,
    preview: bool,
    **asked: Any,
) -> None:
    """Offer approved loans: instalments, total cost, annual percentage rate, until when."""
    with open_desk(shell) as desk:
        proposals = commands_of(
            desk, Proposal, starts_on=starts_on, valid_until=valid_until, **asked
        )
        outcomes = origination.offer(desk, proposals, preview=preview)
        show_outcomes(shell, desk, outcomes, preview=preview, labels=("offer",))


@click.command()
@click.option("--evidence", default="", help="How the borrower agreed.")
@preview_option
@step_options
def accept(shell: Shell, *, evidence: str, preview: bool, **asked: Any) -> None:
    """Record that borrowers accept their offers."""
    with open_desk(shell) as desk:
        acceptances = commands_of(desk, Acceptance, evidence=evidence, **asked)
        outcomes = origination.accept(desk, acceptances, preview=preview)
        show_outcomes(shell, desk, outcomes, preview=preview)


@click.command()
@click.option("--channel", metavar="ACCOUNT", help="Through which account the money goes out.")
@preview_option
@step_options
def book(shell: Shell, *, channel: str | None, preview: bool, **asked: Any) -> None:
    """Book accepted loans, and pay out what is due on the day.

    A loan whose pledges do not cover what its product asks for is not paid out.
    """
    with open_desk(shell) as desk:
        payouts = commands_of(desk, Payout, channel=channel, **asked)
        outcomes = origination.book(desk, payouts, preview=preview)
        show_outcomes(shell, desk, outcomes, preview=preview, labels=("loan",))


@click.command()
@preview_option
@step_options
def withdraw(shell: Shell, *, preview: bool, **asked: Any) -> None:
    """Record that borrowers do not want it any more."""
    with open_desk(shell) as desk:
        commands = commands_of(desk, Command, **asked)
        outcomes = origination.withdraw(desk, commands, preview=preview)
        show_outcomes(shell, desk, outcomes, preview=preview)
