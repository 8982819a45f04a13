"""The claims of a case of priority, read field by field."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any, cast

from karez.doors.files.case_errors import Fields
from karez.engines.priority.chain import REGISTRATION
from karez.engines.priority.facts import Advance, Asset, Claim, Kind, Knowledge, Step, Transfer

_KINDS = {
    "si": Kind.SECURITY, "lien": Kind.LIEN, "possessory_lien": Kind.POSSESSORY_LIEN,
    "statutory": Kind.STATUTORY, "buyer": Kind.BUYER, "lessee": Kind.BUYER, "licensee": Kind.BUYER,
    "land": Kind.LAND,
    "security_interest": Kind.SECURITY, "pledge": Kind.SECURITY, "lease": Kind.SECURITY,
    "assignment": Kind.SECURITY, "title_retention": Kind.SECURITY, "lien_creditor": Kind.LIEN,
    "judgment": Kind.LIEN, "judgment_creditor": Kind.LIEN, "execution": Kind.LIEN,
    "mortgage_of_land": Kind.LAND, "encumbrance": Kind.LAND,
}  # fmt: skip
_CLAIM = {
    "id", "kind", "date", "attach", "debt", "file", "perf", "orig_file", "orig_perf",
    "perf_in_proceeds", "grantor", "agreed", "pm", "consignor", "notified", "notice",
    "control_kind", "covers", "serial", "bound", "solely_508", "orig_debtor", "advance",
    "input_value", "rank_class", "seller", "delivery", "value", "knowledge", "ordinary_course",
    "consumer", "collusion", "possession", "knows", "possessory_lien",
    "agreed_by", "renamed", "construction", "demands", "enforced_by", "advances", "serial_required",
    "seriously_misleading",
}  # fmt: skip
"""All that a claim can say. ``knows`` is read over: no regime asks a holder what it knew."""
_OTHER_NAMES = {
    "possessory": "possessory_lien", "authenticated": "agreed", "has_serial": "serial",
    "serial_number": "serial", "serial_registered": "serial", "serial_goods": "serial_required",
    "serial_numbered": "serial_required", "enforcer": "enforced_by", "enforcing": "enforced_by",
    "demand": "demands", "demanded": "demands", "acquired_with_cash": "bought_with_cash",
    "proceeds_chain": "proceeds_of", "fixed_on": "fixed", "became_fixture": "fixed",
    "readily_removable": "removable", "name_changed": "renamed", "amended": "renamed",
    "authorised_by": "agreed_by", "authorized_by": "agreed_by", "subordination": "subordinations",
    "purchase_money": "pm", "attached": "attach", "filed": "file", "perfected": "perf",
    "lien_date": "date", "day": "date", "owed": "debt", "as_of": "asof", "decision_date": "asof",
}  # fmt: skip
"""Words that others use for fields, and the field that each is."""
_ADVANCE = {"date", "knows_lien", "knows_purchase", "committed"}
_TRANSFER = {"from", "to", "date", "ordinary_course", "value", "knowledge", "agreed_by"}
_BREACH = ("violat", "breach", "break")


def fields_of(case: str, name: str, values: object) -> Fields:
    """Return the fields of an object, each by the name that it has here."""
    fields = Fields(case, name, values)
    fields.values = {_OTHER_NAMES.get(key, key): value for key, value in fields.values.items()}
    return fields


def read_claims(fields: Fields, asset: Asset) -> tuple[tuple[Claim, ...], list[str]]:
    """Return the claims of a case, and the fields in them that have no meaning here.

    Raises:
        CaseBrokenError: a field is missing, or holds what it must not.
    """
    found = fields.get("claims")
    if not isinstance(found, list):
        raise fields.broken("claims", "it must be a list")
    parts = [
        fields_of(fields.case, f"claims[{place}]", values)
        for place, values in enumerate(cast("list[Any]", found), 1)
    ]
    # Where only some say whether they carry the serial number, the silent say the opposite.
    somebody_has = any(part.get("serial") for part in parts)
    claims: dict[str, Claim] = {}
    ignored: list[str] = []
    for part in _with_advances(parts):
        claim = _claim(part, asset, serial=not somebody_has)
        if claim.id in claims:
            raise part.broken("id", "another claim has it already")
        claims[claim.id] = claim
        ignored += unused(part, _CLAIM)
        if part.get("advance") is not None:
            ignored += unused(
                Fields(part.case, f"{part.name}.advance", part.get("advance")), _ADVANCE
            )
    return tuple(claims.values()), ignored


def _with_advances(parts: list[Fields]) -> Iterator[Fields]:
    """Give each claim; one that lists its ``advances`` as a claim for each, numbered from 1."""
    for part in parts:
        if part.get("advances") is None:
            yield part
            continue
        found = part.get("advances")
        if not isinstance(found, list):
            raise part.broken("advances", "it must be a list")
        for number, values in enumerate(cast("list[Any]", found), 1):
            one = Fields(part.case, f"{part.name}.advances[{number}]", values)
            whole = {name: value for name, value in part.values.items() if name != "advances"}
            advance = {name: one.get(name) for name in one.values if name != "amount"}
            more = {"id": f"{part.text('id')}#{number}", "debt": one.get("amount")}
            yield Fields(part.case, one.name, whole | more | {"advance": advance})


def _claim(fields: Fields, asset: Asset, *, serial: bool) -> Claim:
    kind = fields.choice("kind", _KINDS)
    if kind is Kind.LIEN and truth(fields, "possessory_lien"):
        kind = Kind.POSSESSORY_LIEN
    day = optional_day(fields, "attach") or optional_day(fields, "date")
    if day is None and kind in {Kind.LIEN, Kind.LAND, Kind.BUYER, Kind.SECURITY}:
        raise fields.broken("attach" if kind is Kind.SECURITY else "date", "it must be a date")
    value = fields.get("input_value")
    debt = 0 if kind is Kind.BUYER else fields.whole("debt")
    bound = optional_day(fields, "bound")
    return Claim(
        id=fields.text("id"),
        kind=kind,
        day=day,
        debt_minor=debt,
        steps=(*_registrations(fields), *_steps(fields, "perf")),
        original_steps=(*_steps(fields, "orig_file"), *_steps(fields, "orig_perf")),
        effective_in_proceeds=None
        if fields.get("perf_in_proceeds") is None
        else truth(fields, "perf_in_proceeds"),
        grantor=str(fields.get("grantor") or asset.creator),
        agreed=optional_day(fields, "agreed"),
        acquisition=_acquisition(fields),
        notified=_notified(fields),
        notice=optional_day(fields, "notice"),
        control_kind=str(fields.get("control_kind") or ""),
        covers=str(fields.get("covers") or ""),
        serial=serial if fields.get("serial") is None else truth(fields, "serial"),
        bound=bound if bound is not None and truth(fields, "solely_508", default=True) else None,
        original_debtor=str(fields.get("orig_debtor") or ""),
        knows_breach=_knowledge(fields) is Knowledge.OF_BREACH,
        advance=_advance(fields),
        input_value_minor=None if value is None else fields.whole("input_value"),
        rank_class=fields.text("rank_class") if kind is Kind.STATUTORY else "",
        seller=str(fields.get("seller") or ""),
        delivery=optional_day(fields, "delivery") or optional_day(fields, "possession"),
        value=truth(fields, "value", default=True),
        knowledge=_knowledge(fields),
        ordinary_course=truth(fields, "ordinary_course"),
        consumer=truth(fields, "consumer"),
        collusion=truth(fields, "collusion"),
        agreed_by=frozenset(texts_of(fields, "agreed_by")),
        renamed=optional_day(fields, "renamed"),
        construction=truth(fields, "construction"),
    )


def _acquisition(fields: Fields) -> str | None:
    if fields.get("pm") is None:
        return "seller" if truth(fields, "consignor") else None
    if fields.get("pm") is False:
        return None
    words = {"seller": "seller", "lender": "lender", "lessor": "seller", "consignor": "seller"}
    return fields.choice("pm", words)


def _steps(fields: Fields, name: str) -> list[Step]:
    """Return steps: ``[start, end]`` of a registration, ``[step, start, end]`` of another."""
    found = fields.get(name)
    if found is None:
        return []
    rule = "it is a list of [start, end], or for other steps [step, start, end]; end may be null"
    if not isinstance(found, list):
        raise fields.broken(name, rule)
    steps: list[Step] = []
    registered = name.endswith("file")
    for entry in cast("list[Any]", found):
        if not isinstance(entry, list) or len(cast("list[Any]", entry)) != 3 - registered:
            raise fields.broken(name, rule)
        parts = cast("list[Any]", entry)
        word = REGISTRATION if registered else str(parts[0])
        try:
            start = date.fromisoformat(parts[-2])
            end = None if parts[-1] is None else date.fromisoformat(parts[-1])
        except (TypeError, ValueError):
            raise fields.broken(name, rule) from None
        if end is not None and end < start:
            raise fields.broken(name, "it must not end before it starts")
        steps.append(Step("registration" if word in {"file", "filing"} else word, start, end))
    return steps


def _registrations(fields: Fields) -> list[Step]:
    """Return the registrations that a search finds; one by a name that misleads is none."""
    found = _steps(fields, "file")
    return [] if truth(fields, "seriously_misleading") else found


def _notified(fields: Fields) -> dict[str, date]:
    if fields.get("notified") is None:
        return {}
    told = Fields(fields.case, f"{fields.name}.notified", fields.get("notified"))
    return {name: told.day(name) for name in told.values}


def _advance(fields: Fields) -> Advance | None:
    if fields.get("advance") is None:
        return None
    one = Fields(fields.case, f"{fields.name}.advance", fields.get("advance"))
    return Advance(
        one.day("date"),
        knows_lien=truth(one, "knows_lien"),
        knows_purchase=truth(one, "knows_purchase"),
        committed=truth(one, "committed"),
    )


def read_transfers(fields: Fields) -> tuple[tuple[Transfer, ...], list[str]]:
    """Return the transfers of an asset, the first first, and fields that have no meaning here.

    Raises:
        CaseBrokenError: a field is missing, or holds what it must not.
    """
    found = fields.get("transfers")
    if found is None:
        return (), []
    if not isinstance(found, list):
        raise fields.broken("transfers", "it must be a list")
    read: list[Transfer] = []
    ignored: list[str] = []
    for place, values in enumerate(cast("list[Any]", found), 1):
        one = fields_of(fields.case, f"transfers[{place}]", values)
        ignored += unused(one, _TRANSFER)
        read.append(
            Transfer(
                one.text("from"),
                one.text("to"),
                one.day("date"),
                ordinary_course=truth(one, "ordinary_course"),
                value=truth(one, "value", default=True),
                knowledge=_knowledge(one),
                agreed_by=frozenset(texts_of(one, "agreed_by")),
            )
        )
    return tuple(sorted(read, key=lambda transfer: transfer.day)), ignored


def _knowledge(fields: Fields) -> Knowledge:
    """Return what somebody knew: yes, no, or words of it."""
    value = fields.get("knowledge")
    if value is None or value is False or value in {"", "none"}:
        return Knowledge.NOTHING
    if value is not True and not isinstance(value, str):
        raise fields.broken("knowledge", "it is true, false, or words of what was known")
    words = str(value).lower()
    return Knowledge.OF_BREACH if any(word in words for word in _BREACH) else Knowledge.OF_RIGHT


def truth(fields: Fields, name: str, *, default: bool = False) -> bool:
    """Return a field that must be true or false, if it is there."""
    value = fields.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise fields.broken(name, "it must be true or false")
    return value


def optional_day(fields: Fields, name: str) -> date | None:
    """Return a field that must be a date, if it is there."""
    return None if fields.get(name) is None else fields.day(name)


def texts_of(fields: Fields, name: str) -> tuple[str, ...]:
    """Return a field that must be a list of texts, if it is there."""
    found = fields.get(name)
    if found is None:
        return ()
    if not isinstance(found, list) or not all(
        isinstance(one, str) for one in cast("list[Any]", found)
    ):
        raise fields.broken(name, "it must be a list of text")
    return tuple(cast("list[str]", found))


def days_of(fields: Fields, name: str) -> frozenset[date]:
    """Return a field that must be a list of dates, if it is there."""
    try:
        return frozenset(date.fromisoformat(text) for text in texts_of(fields, name))
    except ValueError:
        raise fields.broken(name, "it must be a list of dates as year-month-day") from None


def unused(fields: Fields, known: Collection[str]) -> list[str]:
    """Return the fields that have no meaning here, by their place."""
    return [f"{fields.name}.{name}" for name in fields.values if name not in known]
