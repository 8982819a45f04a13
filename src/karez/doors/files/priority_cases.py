"""Cases of competing claims: facts in, ranking and money out, each fault by case and field.

A case is an object with ``id`` and ``facts``. What a case expects is never looked at.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, cast

import attrs

from karez.doors.files.case_errors import CaseBrokenError, CaseFailedError, Fields
from karez.doors.files.priority_claims import (
    days_of,
    fields_of,
    optional_day,
    read_claims,
    read_transfers,
    texts_of,
    truth,
    unused,
)
from karez.engines.priority import Facts, Ranking, Regime, rank
from karez.engines.priority.facts import Asset, Kind, Sale, Subordination
from karez.engines.priority.regime import Period
from karez.kernel.errors import KarezError

_FACTS = {
    "regime", "option", "asof", "asset", "claims", "sale", "subordinations", "grace_days",
    "holidays",
}  # fmt: skip
_ASSET = {
    "id", "type", "debtor", "creator", "seller", "possession", "proceeds_of", "cash",
    "bought_with_cash", "received_on_or_before_delivery_to_buyer", "accession", "serial_required",
    "commingled", "document_issued", "transfers",
}  # fmt: skip


def read_cases(path: Path) -> list[Any]:
    """Return the cases of a JSON file.

    Raises:
        CaseBrokenError: the file holds no JSON, or no list.
    """
    try:
        cases = json.loads(path.read_bytes(), parse_float=str)
    except ValueError as error:
        rule = f"it must be JSON in UTF-8 ({error})"
        raise CaseBrokenError(case=path.name, field="file", value="not JSON", rule=rule) from None
    if not isinstance(cases, list):
        raise CaseBrokenError(case=path.name, field="cases", value="missing", rule="it is a list")
    return cast("list[Any]", cases)


def answer_cases(
    cases: Iterable[Any], regimes: Mapping[str, Regime]
) -> dict[str, dict[str, Any] | KarezError]:
    """Return for each case its answer, or what is wrong with it."""
    answers: dict[str, dict[str, Any] | KarezError] = {}
    for place, case in enumerate(cases, 1):
        name = f"number {place}"
        try:
            name = Fields(name, "case", case).text("id")
            while name in answers:
                name = f"{name} again"
            answers[name] = answer_case(case, regimes)
        except KarezError as error:
            answers[name] = error
        except Exception as fault:  # noqa: BLE001 - our own fault in one must not take the others
            answers[name] = CaseFailedError(case=name, reason=repr(fault))
    return answers


def answer_case(case: Mapping[str, Any], regimes: Mapping[str, Regime]) -> dict[str, Any]:
    """Return ranking, cuts, money and reasons of one case.

    Raises:
        CaseBrokenError: a field is missing, or holds what it must not.
    """
    outer = Fields("unnamed", "case", case)
    fields = Fields(outer.text("id"), "facts", outer.get("facts"))
    regime = _regime(fields, regimes)
    facts, ignored = read_facts(fields)
    ranking = rank(regime, facts)
    answer = _answer(facts, ranking)
    answer["regime"] = {"name": regime.name, "version": regime.version}
    if ignored:
        answer["not_looked_at"] = ignored
    return answer


def _regime(fields: Fields, regimes: Mapping[str, Regime]) -> Regime:
    name, option = fields.text("regime"), fields.get("option")
    regime = fields.choice("regime", regimes)
    if option is not None:
        chosen = f"{name}-{option}"
        if chosen not in regimes:
            raise fields.broken("option", f"{name} has no such option")
        regime = regimes[chosen]
    if fields.get("grace_days") is not None:
        regime = attrs.evolve(regime, grace=Period(fields.whole("grace_days")))
    return regime


def read_facts(fields: Fields) -> tuple[Facts, list[str]]:
    """Return the facts of a case, and the fields that have no meaning here.

    Raises:
        CaseBrokenError: a field is missing, or holds what it must not.
    """
    found = fields_of(fields.case, "asset", fields.get("asset"))
    asset = _asset(found)
    claims, ignored = read_claims(fields, asset)
    names = {claim.id for claim in claims}
    facts = Facts(
        as_of=fields.day("asof"),
        asset=asset,
        claims=claims,
        subordinations=_subordinations(fields, names),
        sale=_sale(fields, names | {claim.holder for claim in claims}),
        holidays=days_of(fields, "holidays"),
    )
    return facts, [*unused(fields, _FACTS), *unused(found, _ASSET), *ignored]


def _asset(fields: Fields) -> Asset:
    transfers = read_transfers(fields)
    debtor = fields.text("debtor")
    if transfers and fields.get("creator") is None:
        debtor = transfers[-1].buyer
    proceeds = fields.get("proceeds_of")
    return Asset(
        type=fields.text("type"),
        debtor=str(fields.get("seller") or debtor),
        creator=str(fields.get("creator") or debtor),
        possession=optional_day(fields, "possession"),
        proceeds_of=(proceeds,) if isinstance(proceeds, str) else texts_of(fields, "proceeds_of"),
        cash=truth(fields, "cash"),
        bought_with_cash=truth(fields, "bought_with_cash"),
        cash_on_delivery=truth(fields, "received_on_or_before_delivery_to_buyer"),
        accession=truth(fields, "accession"),
        serial_required=truth(fields, "serial_required"),
        commingled=optional_day(fields, "commingled"),
        document_issued=optional_day(fields, "document_issued"),
        transfers=transfers,
    )


def _subordinations(fields: Fields, names: set[str]) -> tuple[Subordination, ...]:
    read: list[Subordination] = []
    for place, values in enumerate(_list(fields, "subordinations"), 1):
        one = Fields(fields.case, f"subordinations[{place}]", values)
        for name in ("senior", "in_favour_of"):
            if one.text(name) not in names:
                raise one.broken(name, "it must be the id of a claim")
        limit = one.whole("limit") if one.get("limit") is not None else None
        read.append(Subordination(one.text("senior"), one.text("in_favour_of"), limit))
    return tuple(read)


def _sale(fields: Fields, names: set[str]) -> Sale | None:
    if fields.get("sale") is None:
        return None
    sale = fields_of(fields.case, "sale", fields.get("sale"))
    enforcer = None
    if sale.get("enforced_by") is not None:
        enforcer = sale.text("enforced_by")
        if enforcer not in names:
            raise sale.broken("enforced_by", "it must be the id of a claim")
    demands = None
    if sale.get("demands") is not None:
        demands = frozenset(texts_of(sale, "demands"))
        if demands - names:
            raise sale.broken("demands", "each must be the id of a claim")
    return Sale(sale.whole("gross"), sale.whole("costs", default=0), enforcer, demands)


def _list(fields: Fields, name: str) -> list[Any]:
    found = fields.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise fields.broken(name, "it must be a list")
    return cast("list[Any]", found)


def _answer(facts: Facts, ranking: Ranking) -> dict[str, Any]:
    """Return a ranking as the layout of the cases has it."""
    answer: dict[str, Any] = {"ranking": [[claim.id for claim in tier] for tier in ranking.tiers]}
    known: date = facts.as_of
    buyers = [
        claim.id for claim in facts.claims
        if claim.kind is Kind.BUYER and (claim.day is None or claim.day <= known)
    ]  # fmt: skip
    cut = {one.claim.id for one in ranking.cuts}
    if buyers:
        free = {one.buyer for one in ranking.cuts}
        answer["takes_free"] = [name for name in buyers if name in free]
    if buyers or facts.asset.transfers:
        answer["cut_off"] = [claim.id for claim in facts.claims if claim.id in cut]
    if ranking.circles:
        answer["circular"] = [[claim.id for claim in tier] for tier in ranking.circles]
    money = ranking.distribution
    if money is not None:
        answer["distribution"] = {
            "costs": money.costs_minor, **money.paid_minor, "debtor": money.debtor_minor
        }  # fmt: skip
        if money.undetermined_minor:
            answer["distribution"]["undetermined"] = money.undetermined_minor
    answer["reasons"] = list(ranking.reasons)
    return answer
