"""What the commands of payments share: who does it, and how a payment is shown."""

from __future__ import annotations

import functools
import getpass
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

import attrs
import click

from karez.doors.cli.bookkeeping import major, today
from karez.kernel.money import currency, parse_amount
from karez.kernel.time import parse_date
from karez.services.lending import Outcome
from karez.services.payments import Act, Clerk, PaymentView

C = TypeVar("C", bound=Callable[..., Any])


def clerk_options(command: C) -> C:
    """Give a command the options of who does it; they arrive as ``clerk``."""

    @click.option("--by", metavar="NAME", help="Who does it; else who is logged in.")
    @click.option("--reason", default="", help="Why.")
    @click.option(
        "--entered",
        type=parse_date,
        metavar="DATE",
        help="The business date before the first loan.",
    )
    @functools.wraps(command)
    def with_options(
        *given: Any,  # the shell
        by: str | None,
        reason: str,
        entered: date | None,
        **rest: Any,  # whatever options the command has of its own
    ) -> None:
        clerk = Clerk(by or getpass.getuser(), entered or today(), reason)
        command(*given, clerk=clerk, **rest)

    return with_options  # pyright: ignore[reportReturnType] - click's own decorators change it too


def minor(text: str | None, code: str) -> int | None:
    """Return an amount that somebody wrote, in minor units."""
    return None if text is None else parse_amount(text, currency(code))


def act_document(act: Act, code: str) -> dict[str, Any]:
    """Return an act, for scripts."""
    return {
        "act": act.act_number,
        "kind": act.kind,
        "amount": major(act.amount_minor, code),
        "loan": act.loan_number,
        "event": act.event_number,
        "account": act.ledger,
        "mirrors": act.mirrors,
        "rule": act.rule,
        "reason": act.reason,
        "evidence": act.evidence,
        "on": act.valid_on,
        "by": act.actor,
        "recorded_at": act.recorded_at,
    }


def payment_document(view: PaymentView, on: date) -> dict[str, Any]:
    """Return a payment, for scripts."""
    entry: Mapping[str, Any] = attrs.asdict(
        view.entry, filter=attrs.filters.exclude("group", "amount_minor")
    )
    return {
        "payment": view.entry_number,
        "statement": view.statement_number,
        **entry,
        "amount": major(view.entry.amount_minor, view.currency),
        "currency": view.currency,
        "open": major(view.open_minor, view.currency),
        "reason": view.reason,
        "candidates": view.candidates,
        "age_days": view.age_days(on),
        "acts": [act_document(act, view.currency) for act in view.acts],
    }


def outcomes_document(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return what payments did to loans, for scripts."""
    return [
        {"loan": outcome.loan_number, "event": outcome.event, "already": outcome.already}
        for outcome in outcomes
    ]
