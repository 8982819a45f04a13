"""A body of law as data: each parameter with its value and its source. Rules are never code."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Mapping
from typing import Any, cast

import attrs

from karez.kernel.errors import InvalidInputError


class RegimeBrokenError(InvalidInputError):
    """Regime {regime}: {field} is {value!r}, but {rule}; mend its data file."""

    code = "regime-broken"


@attrs.frozen
class Period:
    """A number of days, of days that are neither weekend nor holiday, or of months."""

    count: int
    unit: str = "days"


@attrs.frozen
class First:
    """A right that stands before all that lack the step: control of an account, a document."""

    name: str
    assets: tuple[str, ...] = ()
    """The kinds of asset it holds for; none means all."""
    steps: tuple[str, ...] = ()
    """The steps that give it; none means any effective one."""
    covers: str = ""
    """What the claim must say that it covers; empty for all."""
    order: tuple[tuple[str, ...], ...] = ()
    """Kinds of control, best first; within one the day decides."""
    accession: bool = False
    """It holds only where the asset is part of a larger one."""
    after_document: bool = False
    """It stands only before rights that became effective after the document was issued."""
    unless_breach: bool = False
    """It is lost if the holder knew that another's agreement was broken."""


@attrs.frozen
class Statutory:
    """A rank that a statute gives."""

    classes: tuple[str, ...]
    place: str = "before"
    """``before``, ``with`` or ``after`` the rights by contract."""
    within: str = "pro_rata"
    """``day`` or ``pro_rata``, among claims of this rank."""


def _is(meaning: str, default: Any) -> Any:  # attrs.field is typed so
    return attrs.field(default=default, metadata={"meaning": meaning})


@attrs.frozen(kw_only=True)
class Regime:
    """The parameters of the procedure. A parameter that a data file leaves out is off."""

    name: str
    title: str
    version: str
    aliases: tuple[str, ...] = ()
    sources: Mapping[str, str] = attrs.field(factory=dict[str, str])

    levels: tuple[tuple[str, ...], ...] = _is(
        "steps that make a right effective, level by level, best first; `any` is each of them,"
        " `attachment` the agreement itself",
        (("any",),),
    )
    among_ineffective: str = _is(
        "order among rights that are not effective: `attachment` or `pro_rata`", "attachment"
    )
    lapse_tolerance_days: int = _is("a lapse this long does not cost the rank", 0)
    grace: Period | None = _is("time to register an acquisition right after possession", None)
    inventory: str = _is(
        "acquisition rights in inventory: effective `before_possession`, within the `grace`,"
        " or `none`",
        "none",
    )
    inventory_types: tuple[str, ...] = _is("kinds of asset that count as inventory", ("inventory",))
    inventory_notice: bool = _is("earlier registrants must be told before possession", False)
    inventory_notice_years: int = _is("years for which such a notice counts; 0 for ever", 0)
    livestock_notice: Period | None = _is(
        "time for which such a notice counts if the goods are livestock", None
    )
    automatic_types: tuple[str, ...] = _is(
        "kinds of asset in which an acquisition right is effective by itself", ()
    )
    acquisition_order: str = _is(
        "order among acquisition rights: `seller_first`, then by day, or `day`", "day"
    )
    inventory_proceeds: str = _is(
        "acquisition rights reach into proceeds of inventory: `none`, `cash_on_delivery`,"
        " `all_but_accounts` or `all`",
        "none",
    )
    inventory_proceeds_types: tuple[str, ...] = _is(
        "only for these kinds of inventory; none is all", ()
    )
    other_proceeds: str = _is("the same for other assets", "none")
    relation_back: Period | None = _is(
        "an acquisition right registered so soon is good against liens and buyers in between", None
    )
    lien_advance_days: int | None = _is(
        "an advance so many days after a lien, with knowledge and uncommitted, ranks after it", None
    )
    buyer_advance_days: int | None = _is("the same after a purchase: the buyer is free", None)
    possessory_lien: str = _is("who holds for work done is `first`, or ranks by `day`", "day")
    ordinary_course: bool = _is("a buyer in ordinary course is free of its seller's rights", False)
    ordinary_course_types: tuple[str, ...] = _is("only for these kinds of asset; none is all", ())
    ordinary_course_not: tuple[str, ...] = _is("never for these kinds of asset", ())
    held_binds_buyers: bool = _is(
        "a buyer in ordinary course is bound by who holds the asset then", False
    )
    agreed_sale: bool = _is("a buyer is free of whoever agreed to the sale", False)
    paper_types: tuple[str, ...] = _is(
        "kinds of asset of which a buyer for value, who knows of no breach, is free of rights that"
        " are not held",
        (),
    )
    lapse_frees_buyers: bool = _is(
        "a registration that lapsed counts for buyers as if it had never been", False
    )
    rename_period: Period | None = _is(
        "a registration under a debtor's old name serves for what the debtor got so soon after;"
        " for what came later if it was amended so soon, else from the day of that",
        None,
    )
    buyer_knowledge: bool = _is("a buyer who knows of an ineffective right is bound by it", False)
    buyer_delivery: bool = _is("a buyer is judged at delivery, and must give value", False)
    buyer_registration: bool = _is("a buyer may register, and is judged on that day", False)
    buyer_serial: bool = _is("a buyer is free of rights that lack the serial number", False)
    consumer_sale: bool = _is(
        "a consumer who buys from a consumer without knowledge is free of unregistered rights",
        False,
    )
    funds_types: tuple[str, ...] = _is("who is paid with these, without collusion, is free", ())
    first: tuple[First, ...] = _is("rights that stand before all others, best first", ())
    proceeds_period: Period | None = _is("time for which a right lasts in proceeds by itself", None)
    proceeds_automatic: tuple[str, ...] = _is("proceeds in which it lasts; `cash` is one kind", ())
    proceeds_by_registration: bool = _is(
        "it lasts while the original registration does, in what that office registers, if not"
        " bought with cash",
        False,
    )
    unregistered_types: tuple[str, ...] = _is("kinds of asset that no office registers", ())
    special_types: tuple[str, ...] = _is(
        "kinds of asset usually held by control or possession: such a right stays first in their"
        " cash or like proceeds, and in other proceeds the registrations decide",
        (),
    )
    transferor_first: bool = _is("a transferor's effective rights stand before the buyer's", False)
    serial: bool = _is("a right without a needed serial number ranks after those with it", False)
    new_debtor: bool = _is("rights effective only by a new debtor's being bound rank last", False)
    product: str = _is(
        "mixed goods: inputs share without a cap (`input_value`), or up to their value (`capped`)",
        "",
    )
    land_first: bool = _is(
        "an interest in the land stands before a right in what is fixed to it, but for one by"
        " `fixture_filing` before its day, or effective before the fixing of what is removable",
        False,
    )
    land_grace: Period | None = _is(
        "a fixture filing of an acquisition right so soon after the fixing is also good against"
        " an earlier interest in the land, unless that pays for the building",
        None,
    )
    juniors_on_demand: bool = _is("a junior is paid only if it asked in time", False)
    statutory: tuple[Statutory, ...] = _is("ranks that a statute gives, best first", ())

    def source(self, parameter: str) -> str:
        """Return where the law of a parameter is, or the name of the regime."""
        return self.sources.get(parameter, self.title)


PARAMETERS = {field.name: field for field in attrs.fields(Regime) if "meaning" in field.metadata}
_CHOICES = {
    "among_ineffective": ("attachment", "pro_rata"),
    "inventory": ("before_possession", "grace", "none"),
    "acquisition_order": ("seller_first", "day"),
    "inventory_proceeds": ("none", "cash_on_delivery", "all_but_accounts", "all"),
    "other_proceeds": ("none", "cash_on_delivery", "all_but_accounts", "all"),
    "possessory_lien": ("first", "day"),
    "product": ("", "input_value", "capped"),
    "unit": ("days", "working_days", "months"),
    "place": ("before", "with", "after"),
    "within": ("day", "pro_rata"),
}


def regime_of(values: Mapping[str, Any]) -> Regime:
    """Return the regime that a data file holds.

    Each parameter is a table of ``value`` and ``source``; ``name``, ``title`` and ``version`` are
    plain text.

    Raises:
        RegimeBrokenError: a parameter is unknown, is not of its kind, or has no source.
    """
    name = str(values.get("name", "without a name"))
    for field in ("name", "title", "version"):
        if not isinstance(values.get(field), str):
            raise RegimeBrokenError(
                regime=name, field=field, value=values.get(field), rule="it must hold text"
            )
    hints = typing.get_type_hints(Regime)
    read: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for field, entry in _table(name, "parameters", values.get("parameters", {})).items():
        if field not in PARAMETERS:
            nearest = difflib.get_close_matches(field, PARAMETERS, n=1, cutoff=0)[0]
            raise RegimeBrokenError(
                regime=name, field=field, value=entry, rule=f"no such parameter; {nearest}?"
            )
        table = _table(name, field, entry)
        if not isinstance(table.get("source"), str):
            raise RegimeBrokenError(
                regime=name, field=field, value=entry, rule="it must name its source"
            )
        read[field] = _shaped(name, field, hints[field], table.get("value"))
        sources[field] = table["source"]
    return Regime(
        name=name,
        title=values["title"],
        version=values["version"],
        aliases=_shaped(name, "aliases", tuple[str, ...], values.get("aliases", [])),
        sources=sources,
        **read,
    )


def _table(regime: str, field: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise RegimeBrokenError(regime=regime, field=field, value=value, rule="it must be a table")
    return cast("Mapping[str, Any]", value)


def _shaped(regime: str, field: str, hint: Any, value: Any) -> Any:  # a type, and TOML of any shape
    """Return a value of a data file as the type of its parameter has it."""
    if typing.get_origin(hint) in {types.UnionType, typing.Union}:
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise RegimeBrokenError(
                regime=regime, field=field, value=value, rule="it must be a list"
            )
        part = typing.get_args(hint)[0]
        return tuple(_shaped(regime, field, part, one) for one in cast("list[Any]", value))
    if attrs.has(hint):
        table = _table(regime, field, value)
        inner = typing.get_type_hints(hint)
        unknown = [key for key in table if key not in inner]
        if unknown:
            raise RegimeBrokenError(
                regime=regime, field=field, value=unknown[0], rule=f"it has {', '.join(inner)}"
            )
        parts = {key: _shaped(regime, key, inner[key], one) for key, one in table.items()}
        try:
            return hint(**parts)
        except TypeError:
            rule = f"it needs {', '.join(inner)}"
            raise RegimeBrokenError(regime=regime, field=field, value=value, rule=rule) from None
    choices = _CHOICES.get(field)
    if type(value) is not hint or (choices is not None and value not in choices):
        rule = f"it is one of {', '.join(choices)}" if choices else f"it must be {hint.__name__}"
        raise RegimeBrokenError(regime=regime, field=field, value=value, rule=rule)
    return value
