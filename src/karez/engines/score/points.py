"""Log-odds as whole points, and the weight of evidence of each level."""

from __future__ import annotations

import math

import numpy as np

from karez.engines.score.model import Block, Model
from karez.engines.score.recipe import Scale
from karez.engines.score.table import Floats, Ints


def base_points(model: Model) -> int:
    """Return the points of a loan that is average in everything."""
    scale = model.recipe.scale
    return round(scale.base - scale.factor * (model.intercept + math.log(scale.odds)))


def level_points(scale: Scale, block: Block) -> Ints:
    """Return what each level of a block adds to the points; more points are better."""
    return np.rint(-scale.factor * block.effect).astype(np.int32)


def weights_of_evidence(block: Block) -> Floats:
    """Return ln(share of good loans / share of defaults) of each level, as counted.

    NaN where a level has no good loan or no default: then only the fitted effect, which is drawn
    towards the others, says something.
    """
    good, bad = block.good / block.good.sum(), block.bad / block.bad.sum()
    known = (good > 0) & (bad > 0)
    ratio = np.divide(good, bad, out=np.ones_like(good), where=known)
    return np.where(known, np.log(ratio), np.nan)
