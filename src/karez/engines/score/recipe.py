"""What a score may use, and how: its features, what experience expects of them, and priors."""

from __future__ import annotations

import math
from typing import Literal

import attrs

from karez.engines.score.errors import (
    FeatureMalformedError,
    FeatureRepeatedError,
    RecipeMalformedError,
)

Kind = Literal["number", "factor", "segment"]
KINDS: tuple[Kind, ...] = ("number", "factor", "segment")


@attrs.frozen
class Feature:
    """One column and its meaning.

    ``direction`` is the sign that experience expects of its effect on default: +1 where more of it
    means more defaults, -1 where fewer, None where the data may say. ``parent`` is the segment
    that a segment lies in: where a label was never seen, the parent speaks alone. ``words`` and
    ``unit`` are for people.
    """

    name: str
    kind: Kind = "number"
    direction: Literal[-1, 1] | None = None
    parent: str | None = None
    words: str = ""
    unit: str = ""

    @property
    def title(self) -> str:
        """What people read: ``words``, or the name where there are none."""
        return self.words or self.name


@attrs.frozen
class Scale:
    """How log-odds become points: ``base`` points at ``odds`` good loans to one default.

    ``double`` more points double the odds. Points of each level are whole numbers.
    """

    base: int = 600
    odds: float = 50.0
    double: float = 20.0

    @property
    def factor(self) -> float:
        """Points for one unit of log-odds."""
        return self.double / math.log(2)


@attrs.frozen
class Recipe:
    """Features, pairs of features that may act together, and how much the data must say.

    ``pairs`` is ``"screened"`` (pairs that show in the residuals), or the pairs by name.
    ``most_bins`` bounds the bins of a number, ``least_rows`` is how many loans a bin holds.
    ``most_pairs`` bounds the screened pairs, ``least_pair_z`` is what a pair must show.
    ``prior_sd`` is the spread of effects expected before any data, in log-odds, and
    ``prior_levels`` how many levels that expectation counts for. For a number ``number_sd`` and
    ``number_levels`` say so, of how far its effect goes from the first bin to the last.
    ``trees`` asks whether trees of several features at once would be worth it, and adds them if so.

    Raises: FeatureRepeatedError, FeatureMalformedError, RecipeMalformedError.
    """

    features: tuple[Feature, ...] = attrs.field(converter=tuple)
    pairs: Literal["screened"] | tuple[tuple[str, str], ...] = "screened"
    scale: Scale = Scale()
    most_bins: int = 20
    least_rows: int = 5
    most_pairs: int = 30
    least_pair_z: float = 1.0
    prior_sd: float = 0.3
    prior_levels: float = 2.0
    number_sd: float = 0.6
    number_levels: float = 1.0
    trees: bool = False

    def __attrs_post_init__(self) -> None:
        names = [feature.name for feature in self.features]
        for name in names:
            if names.count(name) > 1:
                raise FeatureRepeatedError(feature=name)
        for feature in self.features:
            _check_feature(feature, self)
        if self.pairs != "screened":
            for pair in self.pairs:
                if len(set(pair)) != 2 or not set(pair) <= set(names):
                    rule = "a pair is two different features of this recipe"
                    raise RecipeMalformedError(field="pair", value=pair, rule=rule)
        _check_bounds(self)

    def feature(self, name: str) -> Feature:
        """Return the feature of this name, which is there."""
        return next(feature for feature in self.features if feature.name == name)


def _check_feature(feature: Feature, recipe: Recipe) -> None:
    if feature.kind not in KINDS:
        rule = "it is number, factor or segment"
        raise FeatureMalformedError(
            feature=feature.name, field="kind", value=feature.kind, rule=rule
        )
    if feature.direction is not None and (
        feature.direction not in (-1, 1) or feature.kind != "number"
    ):
        rule = "only a number has one, and it is 1 or -1"
        raise FeatureMalformedError(
            feature=feature.name, field="direction", value=feature.direction, rule=rule
        )
    if feature.parent is None:
        return
    segments = {each.name for each in recipe.features if each.kind == "segment"}
    if feature.kind != "segment" or feature.parent not in segments - {feature.name}:
        rule = "a segment's parent is another segment of this recipe"
        raise FeatureMalformedError(
            feature=feature.name, field="parent", value=feature.parent, rule=rule
        )


def _check_bounds(recipe: Recipe) -> None:
    for field, least in (
        ("most_bins", 2), ("least_rows", 1), ("most_pairs", 0), ("prior_levels", 0),
        ("number_levels", 0),
    ):  # fmt: skip
        if not getattr(recipe, field) >= least:
            value, rule = getattr(recipe, field), f"it is at least {least}"
            raise RecipeMalformedError(field=field, value=value, rule=rule)
    for field in ("prior_sd", "number_sd"):
        if not 0 < getattr(recipe, field) < math.inf:
            value, rule = getattr(recipe, field), "it is a finite number above zero"
            raise RecipeMalformedError(field=field, value=value, rule=rule)
