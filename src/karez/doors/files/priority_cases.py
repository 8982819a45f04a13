"""Cases of competing claims: facts in, ranking and money out, each fault by case and field.

A case is an object with ``id`` and ``facts``. What a case expects is never looked at.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
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
from karez.doors.files.rows import Format
from karez.doors.files.tables import format_of
from karez.engines.priority import Facts, Ranking, Regime, rank
from karez.engines.priority.facts import Asset, Kind, Sale, Subordination
from karez.engines.priority.regime import Period
from karez.kernel.errors import KarezError

_FACTS = {
    "regime", "option", "asof", "asset", "claims", "sale", "subordinations", "grace_days",
    "holidays",
    "enforced_by", "demands",
}  # fmt: skip
_ASSET = {
    "id",
    "type",
    "debtor",
    "creator",
    "seller",
    "possession",
    "proceeds_of",
    "cash",
    "bought_with_cash",
    "received_on_or_before_delivery_to_buyer",
    "accession",
    "serial_required",
    "commingled",
    "document_issued",
    "transfers",
    "fixed",
    "removable",
    "renamed",
}
_SALE = {"gross", "costs", "enforced_by", "demands", "date"}
_SUBORDINATION = {"senior", "in_favour_of", "limit"}  # fmt: skip


def read_cases(path: Path) -> Iterable[Any]:
    """Return the cases of a JSON file, or give those of JSON lines one after another.

    Raises:
        CaseBrokenError: the file holds no JSON, or no list.
    """
    if format_of(path) is Format.JSONL:
        return _cases_of_lines(path)
    try:
        cases = json.loads(path.read_bytes(), parse_float=str)
    except ValueError as error:
        rule = f"it must be JSON in UTF-8 ({error})"
        raise CaseBrokenError(case=path.name, field="file", value="not JSON", rule=rule) from None
    if not isinstance(cases, list):
        raise CaseBrokenError(case=path.name, field="cases", value="missing", rule="it is a list")
    return cast("list[Any]", cases)


def _cases_of_lines(path: Path) -> Iterator[Any]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield json.loads(line, parse_float=str)
            except ValueError as error:  # one that cannot be read does not keep the others
                rule = f"it must be a JSON object on one line ({error})"
                yield CaseBrokenError(
                    case=f"number {number}", field="line", value="not JSON", rule=rule
                )


def answer_cases(
    cases: Iterable[Any], regimes: Mapping[str, Regime]
) -> Iterator[tuple[str, dict[str, Any] | KarezError]]:
    """Give for each case its name and its answer, or what is wrong with it, one after another."""
    names: set[str] = set()
    for place, case in enumerate(cases, 1):
        name = f"number {place}"
        answer: dict[str, Any] | KarezError
        if isinstance(case, KarezError):
            yield name, case
            continue
        try:
            name = Fields(name, "case", case).text("id")
            while name in names:
                name = f"{name} again"
            answer = answer_case(case, regimes)
        except KarezError as error:
            answer = error
        except Exception as fault:  # noqa: BLE001 - our own fault in one must not take the others
            answer = CaseFailedError(case=name, reason=repr(fault))
        names.add(name)
        yield name, answer


def answer_case(case: Mapping[str, Any], regimes: Mapping[str, Regime]) -> dict[str, Any]:
    """Return ranking, cuts, money and reasons of one case.

    Raises:
        CaseBrokenError: a field is missing, or holds what it must not.
    """
    outer = Fields("unnamed", "case", case)
    fields = fields_of(outer.text("id"), "facts", outer.get("facts"))
    regime = _regime(fields, regimes)
    facts, ignored = read_facts(fields)
    ignored += _unranked(regime, facts)
    ranking = rank(regime, facts)
    answer = _answer(facts, ranking)
    answer["regime"] = {"name": regime.name, "version": regime.version}
    if ignored:
        answer["not_looked_at"] = ignored
    return answer


def _regime(fields: Fields, regimes: Mapping[str, Regime]) -> Regime:
    name, option = fields.text("regime"), fields.get("option")
    regime = _named(name, regimes) or fields.choice("regime", regimes)
    if option is not None:
        chosen = _named(f"{name}-{option}", regimes)
        if chosen is None:
            raise fields.broken("option", f"{name} has no such option")
        regime = chosen
    if fields.get("grace_days") is not None:
        grace = Period(fields.whole("grace_days"))
        back = grace if regime.relation_back is not None else None
        regime = attrs.evolve(regime, grace=grace, relation_back=back)
    return regime


def _named(name: str, regimes: Mapping[str, Regime]) -> Regime | None:
    """Return the regime of this name, written with other strokes or in other case too."""
    alike = (regimes[each] for each in regimes if _letters(each) == _letters(name))
    return regimes.get(name) or next(alike, None)


def _letters(name: str) -> str:
    """Return a regime's name without case, spaces and strokes."""
    return "".join(each for each in name.upper() if each.isalnum())


def _unranked(regime: Regime, facts: Facts) -> list[str]:
    """Return the classes of statutory claims of which a regime says nothing."""
    ranked = {each for rank in regime.statutory for each in rank.classes}
    return [
        f"claim {claim.id}: rank_class {claim.rank_class}, to which {regime.name} gives no rank,"
        for claim in facts.claims
        if claim.kind is Kind.STATUTORY and claim.rank_class not in ranked
    ]


def read_facts(fields: Fields) -> tuple[Facts, list[str]]:
    """Return the facts of a case, and the fields that have no meaning here.

    Raises:
        CaseBrokenError: a field is missing, or holds what it must not.
    """
    found = fields_of(fields.case, "asset", fields.get("asset"))
    asset, unknown = _asset(found)
    claims, ignored = read_claims(fields, asset)
    if found.get("serial_required") is None and _serial_wanted(fields):
        asset = attrs.evolve(asset, serial_required=True)
    names = {claim.id for claim in claims}
    facts = Facts(
        as_of=fields.day("asof"),
        asset=asset,
        claims=claims,
        subordinations=_subordinations(fields, names, ignored),
        sale=_sale(fields, names | {claim.holder for claim in claims}, ignored),
        holidays=days_of(fields, "holidays"),
    )
    return facts, [*unused(fields, _FACTS), *unused(found, _ASSET), *unknown, *ignored]


def _serial_wanted(fields: Fields) -> bool:
    """Say whether a claim says that it lacks a serial number, so that one is needed."""
    parts = [fields_of(fields.case, "claims", one) for one in _list(fields, "claims")]
    return any(one.get("serial") is False or truth(one, "serial_required") for one in parts)


def _asset(fields: Fields) -> tuple[Asset, list[str]]:
    transfers, ignored = read_transfers(fields)
    debtor = fields.text("debtor")
    if transfers and fields.get("creator") is None:
        debtor = transfers[-1].buyer
    proceeds = fields.get("proceeds_of")
    asset = Asset(
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
        fixed=optional_day(fields, "fixed"),
        removable=truth(fields, "removable"),
        renamed=optional_day(fields, "renamed"),
        transfers=transfers,
    )
    return asset, ignored


def _subordinations(
    fields: Fields, names: set[str], ignored: list[str]
) -> tuple[Subordination, ...]:
    read: list[Subordination] = []
    for place, values in enumerate(_list(fields, "subordinations"), 1):
        one = Fields(fields.case, f"subordinations[{place}]", values)
        for name in ("senior", "in_favour_of"):
            if one.text(name) not in names:
                raise one.broken(name, "it must be the id of a claim")
        ignored += unused(one, _SUBORDINATION)
        limit = one.whole("limit") if one.get("limit") is not None else None
        read.append(Subordination(one.text("senior"), one.text("in_favour_of"), limit))
    return tuple(read)


def _sale(fields: Fields, names: set[str], ignored: list[str]) -> Sale | None:
    if fields.get("sale") is None:
        return None
    sale = fields_of(fields.case, "sale", fields.get("sale"))
    ignored += unused(sale, _SALE)
    # Who enforces and who asked may stand with the sale, with the facts, or with the claims.
    claims = [fields_of(fields.case, "claims", one) for one in _list(fields, "claims")]
    enforcing = [one.text("id") for one in claims if truth(one, "enforced_by")]
    where = next((one for one in (sale, fields) if one.get("enforced_by") is not None), None)
    enforcer = where.text("enforced_by") if where else enforcing[0] if enforcing else None
    if where and enforcer not in names:
        raise where.broken("enforced_by", "it must be the id of a claim")
    where = next((one for one in (sale, fields) if one.get("demands") is not None), None)
    demands: frozenset[str] | None = None
    if where:
        demands = frozenset(texts_of(where, "demands"))
        if demands - names:
            raise where.broken("demands", "each must be the id of a claim")
    elif any(one.get("demands") is not None for one in claims):
        demands = frozenset(
            one.text("id") for one in claims if one.get("demands") not in {None, False}
        )
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
