"""``karez consent``: who may use which data of whom, and every use that was made."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

import attrs
import click

from karez.doors.cli.bookkeeping import lines_of, major, open_books
from karez.doors.cli.evidence import open_evidence
from karez.doors.cli.rights_options import amount_of, right_document, right_id, with_options
from karez.doors.cli.shell import Shell, command_options, table
from karez.kernel.ids import show_id
from karez.kernel.time import parse_date, parse_instant
from karez.services import consent as consents
from karez.services.consent import Consent, ConsentView, Mode, Period, RecordedUse, Use
from karez.services.rights import Done

_consent = click.argument("consent_id", metavar="CONSENT", type=right_id)


@click.group()
def consent() -> None:
    """Grant, show and withdraw consents; check and list their uses."""


@consent.command()
@click.option("--grantor", required=True, help="Whose data it is.")
@click.option("--receiver", required=True, help="Who may use it.")
@click.option("--purpose", "purposes", multiple=True, required=True, help="What for.")
@click.option("--scope", "scopes", multiple=True, required=True, help="TRANSACTIONS, SUMMARY, ...")
@click.option("--series", multiple=True, required=True, help="An account or series.")
@click.option(
    "--mode",
    "modes",
    type=click.Choice([mode.value for mode in Mode]),
    multiple=True,
    required=True,
)
@click.option("--starts-at", type=parse_instant, required=True, metavar="INSTANT")
@click.option("--ends-at", type=parse_instant, required=True, metavar="INSTANT")
@click.option("--range-from", type=parse_date, required=True, metavar="DATE", help="Of the data.")
@click.option("--range-to", type=parse_date, required=True, metavar="DATE", help="Of the data.")
@click.option("--data-life-days", type=int, default=0, help="How long it may be kept.")
@click.option("--uses", "uses_most", type=int, default=1, help="How often in each period.")
@click.option(
    "--each", type=click.Choice([each.value for each in Period]), default="once", help="The period."
)
@click.option("--condition", default="", help="Under which condition.")
@click.option("--amount-most", help="The most that one use may move or ask for.")
@click.option("--total-most", help="The most of all uses together.")
@click.option("--currency", "unit", metavar="CODE", help="Of the amounts.")
@click.option("--template", default="", help="Within whose bounds it stays.")
@click.option("--evidence", default="", help="How it was given.")
@click.option("--by", default="", help="Who records it.")
@click.option("--id", "chosen", type=right_id, metavar="CONSENT", help="Choose its id.")
@command_options
def grant(shell: Shell, *, chosen: UUID | None, by: str, evidence: str, **options: Any) -> None:
    """Record that a person or firm allows the use of data."""
    unit = options.pop("unit")
    granted = Consent(
        modes=tuple(Mode(mode) for mode in options.pop("modes")),
        uses_period=Period(options.pop("each")),
        amount_most_minor=amount_of(options.pop("amount_most"), unit),
        total_most_minor=amount_of(options.pop("total_most"), unit),
        currency=unit,
        **options,
    )
    with open_books(shell) as books:
        done = consents.grant(books, granted, consent_id=chosen, by=by, evidence=evidence)
    assert done.right is not None  # noqa: S101 - what is not refused has its right
    assert done.recorded is not None  # noqa: S101 - and its event
    document = right_document(done.right, done.recorded.effective_at)
    shell.show({**document, "replayed": done.replayed}, [f"{document['right']} is granted."])


@consent.command()
@_consent
@command_options
def show(shell: Shell, *, consent_id: UUID) -> None:
    """Show the consent CONSENT."""
    with open_books(shell) as books:
        found = consents.find_consent(books, consent_id)
    document = right_document(found.view.right, found.view.effective_at)
    document |= {"state": found.state, "uses": _use_documents(found)}
    kept = {
        name: ", ".join(map(str, cast("tuple[object, ...]", value)))
        if isinstance(value, tuple)
        else value
        for name, value in document.items()
        if name not in {"uses", "stretches", "subordinated_to", "reviewed_by", "version"}
    }
    pairs = [(name.replace("_", " "), str(value)) for name, value in kept.items() if value]
    shell.show(document, lines_of([*pairs, ("uses", str(len(found.uses)))]))


@consent.command("list")
@click.option("--grantor", help="Of whom.")
@click.option("--receiver", help="To whom.")
@command_options
def list_(shell: Shell, *, grantor: str | None, receiver: str | None) -> None:
    """List the consents, the oldest first."""
    with open_books(shell) as books:
        ids = consents.list_consents(books, grantor=grantor, receiver=receiver)
    shown = [show_id("rgt", each) for each in ids]
    shell.show({"consents": shown}, shown or ["There is none."])


_act_options = with_options(
    _consent,
    click.option("--reason", default="", help="Why."),
    click.option("--by", default="", help="Who asks."),
)


@consent.command()
@_act_options
@command_options
def pause(shell: Shell, *, consent_id: UUID, reason: str, by: str) -> None:
    """Let the consent CONSENT rest: nothing is read under it until it is resumed."""
    with open_books(shell) as books:
        done = consents.pause(books, consent_id, reason=reason, by=by)
    _show_act(shell, done, "paused", "is paused")


@consent.command()
@_act_options
@command_options
def resume(shell: Shell, *, consent_id: UUID, reason: str, by: str) -> None:
    """Let the paused consent CONSENT go on."""
    with open_books(shell) as books:
        done = consents.resume(books, consent_id, reason=reason, by=by)
    _show_act(shell, done, "in force", "goes on")


@consent.command()
@_act_options
@command_options
def revoke(shell: Shell, *, consent_id: UUID, reason: str, by: str) -> None:
    """Withdraw the consent CONSENT: from now on nothing is read under it."""
    with open_books(shell) as books:
        done = consents.revoke(books, consent_id, reason=reason, by=by)
    _show_act(shell, done, "revoked", "is withdrawn")


def _show_act(shell: Shell, done: Done, state: str, done_text: str) -> None:
    assert done.recorded is not None  # noqa: S101 - what is not refused is recorded
    shown = show_id("rgt", done.recorded.right_id)
    document = {"right": shown, "state": state, "recorded_at": done.recorded.recorded_at}
    shell.show(document, [f"{shown} {done_text}."])


@consent.command()
@_consent
@command_options
def uses(shell: Shell, *, consent_id: UUID) -> None:
    """List every use of the consent CONSENT that was asked for, allowed or refused.

    Its facts are shown by `karez facts show`: the first that it was asked for, the second read.
    """
    with open_books(shell) as books:
        found = consents.find_consent(books, consent_id)
    headings = [
        "use", "receiver", "purpose", "scope", "series", "verdict", "used at", "rows", "facts",
    ]  # fmt: skip
    rows = [
        (
            each.use_number, each.use.receiver, each.use.purpose, each.use.scope,
            each.use.series, each.verdict, each.used_at, each.row_count,
            " ".join(map(str, found.facts[each.use.use_id])),
        )
        for each in found.uses
    ]  # fmt: skip
    lines = table(headings, rows) if rows else ["It was not used."]
    shell.show({"uses": _use_documents(found)}, lines)


_use_options = with_options(
    click.option("--receiver", required=True, help="Who uses it."),
    click.option("--purpose", required=True, help="What for."),
    click.option("--scope", required=True, help="What kind of data."),
    click.option(
        "--mode", type=click.Choice([mode.value for mode in Mode]), default="VIEW", help="How."
    ),
    click.option("--series", required=True, help="The account or series."),
    click.option("--from", "range_from", type=parse_date, required=True, metavar="DATE"),
    click.option("--to", "range_to", type=parse_date, required=True, metavar="DATE"),
    click.option("--amount", help="What the use would move or ask for."),
    click.option("--currency", "unit", metavar="CODE", help="Its currency."),
    click.option("--condition-evidence", default="", help="That the condition is met."),
    click.option("--reader", default="", help="The person or program that reads."),
)


@consent.command()
@_consent
@_use_options
@command_options
def check(shell: Shell, *, consent_id: UUID, **options: Any) -> None:
    """Ask whether the consent CONSENT covers a use now; record nothing."""
    with open_books(shell) as books:
        consents.check_use(books, _use(consent_id, options))
    shell.show({"allowed": True}, ["It is allowed."])


@consent.command()
@_consent
@_use_options
@command_options
def read(shell: Shell, *, consent_id: UUID, **options: Any) -> None:
    """Read an account's statement under the consent CONSENT.

    The use is recorded first, as a fact too.
    """
    use = _use(consent_id, options)
    with open_evidence(shell) as evidence, shell.database() as database:
        lines = consents.read_statement(evidence, database, use)
    headings = ["valid on", "kind", "side", "amount", "currency"]
    documents = [
        {**attrs.asdict(line), "amount": major(line.amount_minor, line.currency)} for line in lines
    ]
    for document in documents:
        del document["amount_minor"]
    rows = [
        (
            d["valid_on"],
            d["kind"],
            "debit" if d["is_debit"] else "credit",
            d["amount"],
            d["currency"],
        )
        for d in documents
    ]
    document = {"use": show_id("use", use.use_id), "lines": documents}
    shell.show(document, [*table(headings, rows), f"{len(rows)} lines."])


def _use(consent_id: UUID, options: dict[str, Any]) -> Use:
    unit = options.pop("unit")
    amount_minor = amount_of(options.pop("amount"), unit)
    mode = Mode(options.pop("mode"))
    return Use(consent_id, mode=mode, amount_minor=amount_minor, currency=unit, **options)


def _use_documents(found: ConsentView) -> list[dict[str, Any]]:
    return [{**_use_document(each), "facts": found.facts[each.use.use_id]} for each in found.uses]


def _use_document(each: RecordedUse) -> dict[str, Any]:
    use = attrs.asdict(each.use) | {"consent_id": show_id("rgt", each.use.consent_id)}
    minor = each.use.amount_minor
    del use["amount_minor"]
    use["amount"] = None if minor is None else major(minor, each.use.currency or "")
    return {**use, "use_id": show_id("use", each.use.use_id), **_rest(each)}


def _rest(each: RecordedUse) -> dict[str, date | datetime | int | str | None]:
    return {
        "use_number": each.use_number,
        "verdict": each.verdict,
        "used_at": each.used_at,
        "keep_until": each.keep_until,
        "row_count": each.row_count,
    }
