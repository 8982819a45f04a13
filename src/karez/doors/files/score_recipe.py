"""A recipe in TOML: which columns a score may use, which one is the outcome, what loans bring."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, cast

import attrs

from karez.doors.files.errors import FileUnreadableError
from karez.doors.files.score_errors import RecipeFileError
from karez.engines.score import Feature, Recipe, Scale
from karez.engines.score.challenge import Stakes

DEFAULTED, PAID = ("1", "true", "yes", "default"), ("0", "false", "no", "paid")


@attrs.frozen
class LoanColumns:
    """Which columns of a file mean what; ``default`` and ``paid`` are values of the outcome.

    With ``window_months`` the outcome follows from the days ``decided_on`` and ``defaulted_on``,
    as far as they are known by ``seen_until``. ``weights`` is what a default and a loan that paid
    stand for in the population. ``propensity`` is the chance, logged at the decision, with which a
    loan was made. ``known_on`` names the column with the day on which a feature became known.
    """

    id: str | None = None
    outcome: str | None = None
    default: tuple[str, ...] = DEFAULTED
    paid: tuple[str, ...] = PAID
    weight: str | None = None
    weights: tuple[float, float] | None = None
    propensity: str | None = None
    decided_on: str | None = None
    defaulted_on: str | None = None
    window_months: int | None = None
    seen_until: date | None = None
    groups: tuple[str, ...] = ()
    known_on: Mapping[str, str] = attrs.field(factory=dict[str, str])


@attrs.frozen
class ScoreRecipe:
    """A recipe file: the columns, what the score may use of them, and what is at stake."""

    columns: LoanColumns
    recipe: Recipe
    stakes: Stakes


def read_recipe(path: Path) -> ScoreRecipe:
    """Return the recipe in a file.

    Raises:
        FileUnreadableError: it cannot be opened, or is no TOML.
        RecipeFileError: a field is unknown, missing or of another kind.
        FeatureMalformedError, FeatureRepeatedError, RecipeMalformedError: see the engine.
    """
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as fault:
        raise FileUnreadableError(file=path, format="TOML", reason=fault.strerror) from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise FileUnreadableError(file=path, format="TOML", reason=str(fault)) from fault
    return recipe_of(values, str(path))


def recipe_of(values: Mapping[str, Any], file: str) -> ScoreRecipe:
    """Return the recipe that the tables of a file hold.

    Raises as ``read_recipe`` does.
    """
    reader = _Reader(file)
    reader.known("", values, ("loans", "stakes", "fit", "scale", "features"))
    loans = reader.table("loans", values)
    features: list[Feature] = []
    known_on: dict[str, str] = {}
    listed: Any = values.get("features")
    if not isinstance(listed, list) or not listed:
        raise reader.wrong("features", str(cast("Any", listed)), "name at least one [[features]]")
    for place, each in enumerate(cast("list[Any]", listed), start=1):
        where = f"features {place}"
        if not isinstance(each, dict):
            raise reader.wrong(where, each, "it is a table of name, kind and more")
        fields = dict(cast("dict[str, Any]", each))
        if "known_on" in fields:
            known_on[str(fields.get("name"))] = reader.text(where, fields, "known_on") or ""
            del fields["known_on"]
        reader.fields(where, fields, _FEATURE)
        if "name" not in fields:
            raise reader.wrong(f"{where}.name", None, "each feature has the name of a column")
        features.append(Feature(**fields))
    fit = dict(reader.table("fit", values))
    reader.fields("fit", fit, _FIT)
    if isinstance(fit.get("pairs"), list):
        fit["pairs"] = tuple(tuple(pair) for pair in fit["pairs"])
    scale, stakes = dict(reader.table("scale", values)), dict(reader.table("stakes", values))
    reader.fields("scale", scale, _SCALE)
    reader.fields("stakes", stakes, _STAKES)
    return ScoreRecipe(
        _columns(reader, loans, known_on),
        Recipe(tuple(features), scale=Scale(**scale), **fit),
        Stakes(**{"margin": 0.2, "loss_share": 0.6} | stakes),
    )


_NUMBER = (int, float)
_FEATURE = {
    "name": str, "kind": str, "direction": int, "parent": str, "words": str, "unit": str,
}  # fmt: skip
_FIT = {
    "pairs": (str, list), "most_bins": int, "least_rows": int, "most_pairs": int,
    "least_pair_z": _NUMBER, "prior_sd": _NUMBER, "prior_levels": _NUMBER,
    "number_sd": _NUMBER, "number_levels": _NUMBER, "trees": bool,
}  # fmt: skip
_SCALE = {"base": int, "odds": _NUMBER, "double": _NUMBER}
_STAKES = {"margin": _NUMBER, "loss_share": _NUMBER, "pd_below": _NUMBER}
_LOANS = {
    "id": str, "outcome": str, "default": (str, int, list), "paid": (str, int, list), "weight": str,
    "weights": dict, "propensity": str, "decided_on": str, "defaulted_on": str,
    "window_months": int, "seen_until": date, "groups": list,
}  # fmt: skip


@attrs.frozen
class _Reader:
    """Reads fields of a file, and says which of them is wrong."""

    file: str

    def wrong(self, field: str, value: object, rule: str) -> RecipeFileError:
        return RecipeFileError(file=self.file, field=field, value=value, rule=rule)

    def table(self, name: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        found = values.get(name, {})
        if not isinstance(found, dict):
            raise self.wrong(name, found, "it is a table")
        return cast("dict[str, Any]", found)

    def known(self, where: str, values: Mapping[str, Any], names: Sequence[str]) -> None:
        for name in values:
            if name not in names:
                field = f"{where}.{name}" if where else name
                raise self.wrong(field, values[name], f"there are {', '.join(names)}")

    def fields(self, where: str, values: Mapping[str, Any], kinds: Mapping[str, Any]) -> None:
        self.known(where, values, tuple(kinds))
        for name, value in values.items():
            truth = isinstance(value, bool) and kinds[name] is not bool
            if truth or not isinstance(value, kinds[name]):
                words = {
                    str: "a text", int: "a whole number", dict: "a table", list: "a list",
                    bool: "true or false",
                }  # fmt: skip
                kind = words.get(kinds[name], "a number, a text, a day or a list")
                raise self.wrong(f"{where}.{name}", value, f"it is {kind}")

    def text(self, where: str, values: Mapping[str, Any], name: str) -> str | None:
        value = values.get(name)
        if value is not None and not isinstance(value, str):
            raise self.wrong(f"{where}.{name}", value, "it is the name of a column")
        return value


def _columns(reader: _Reader, loans: Mapping[str, Any], known_on: Mapping[str, str]) -> LoanColumns:
    reader.fields("loans", loans, _LOANS)
    found = dict(loans)
    for name in ("default", "paid"):
        if name in found:
            values: Any = found[name] if isinstance(found[name], list) else [found[name]]
            found[name] = tuple(str(value) for value in values)
    if "groups" in found:
        found["groups"] = tuple(str(name) for name in found["groups"])
    if "weights" in found:
        weights = found["weights"]
        if set(weights) != {"default", "paid"} or not all(
            isinstance(each, int | float) and each > 0 for each in weights.values()
        ):
            rule = "it is { default = ..., paid = ... }, each above 0"
            raise reader.wrong("loans.weights", weights, rule)
        found["weights"] = (float(weights["default"]), float(weights["paid"]))
    columns = LoanColumns(**found, known_on=known_on)
    windowed = (columns.decided_on, columns.defaulted_on, columns.seen_until)
    if columns.window_months is not None and None in windowed:
        rule = "a window also needs decided_on, defaulted_on and seen_until"
        raise reader.wrong("loans.window_months", columns.window_months, rule)
    if columns.window_months is not None and columns.outcome is not None:
        rule = "the outcome follows from the window: leave out one of them"
        raise reader.wrong("loans.outcome", columns.outcome, rule)
    if columns.weight is not None and columns.weights is not None:
        rule = "a column of weights and weights by outcome exclude each other"
        raise reader.wrong("loans.weight", columns.weight, rule)
    if columns.known_on and columns.decided_on is None:
        rule = "a feature's known_on also needs loans.decided_on"
        raise reader.wrong("loans.decided_on", None, rule)
    return columns
