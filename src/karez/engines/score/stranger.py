"""The rate of somebody of whom nothing is known: that of their segment, or of all, widely."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np

from karez.engines.score import kernels
from karez.engines.score.model import Block, Model
from karez.engines.score.predict import INTERVAL_Z


@attrs.frozen
class Stranger:
    """A default probability between bounds with nine chances in ten, and whose rate it is.

    ``of`` has the labels that were known to the model; without any it is the rate of all.
    """

    pd: float
    pd_low: float
    pd_high: float
    of: Mapping[str, str]


def stranger(model: Model, labels: Mapping[str, str | None]) -> Stranger:
    """Return what a model says of an applicant of whom no more than some labels is known.

    Whatever else the model looks at may be anything that it was fitted to: so the log-odds spread
    as widely as its effects do among those loans, which counts together with how unsure the effects
    themselves are. An effect of several features is taken as unknown.
    """
    mean, variance = model.intercept, model.intercept_sd**2
    of: dict[str, str] = {}
    for block in model.blocks:
        label = labels.get(block.name) if block.kind in {"factor", "segment"} else None
        if label is not None and label in block.labels:
            level = block.labels.index(label)
            mean += float(block.effect[level])
            variance += float(block.sd[level]) ** 2
            of[block.name] = label
        else:
            middle, spread = _anything(block)
            mean += middle
            variance += spread
    if model.trees is not None:
        variance += model.trees.spread**2
    sd = np.sqrt(variance)
    pd = kernels.mean_sigmoid(np.array([mean]), np.array([variance]))[0]
    low, high = (1 / (1 + np.exp(side * INTERVAL_Z * sd - mean)) for side in (1, -1))
    return Stranger(float(pd), float(low), float(high), of)


def _anything(block: Block) -> tuple[float, float]:
    """Return mean and variance of what a block adds to the log-odds of a loan of the fit."""
    weight = block.good + block.bad
    total = weight.sum()
    if total <= 0:
        return 0.0, float(block.spread) ** 2
    share = weight / total
    mean = float(share @ block.effect)
    spread = float(share @ (block.effect - mean) ** 2)
    return mean, spread + float(share @ block.sd**2)
