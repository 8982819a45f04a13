"""Portraits: all features of all sittings in one pass, and the facts behind each figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.score.portrait import groups
from karez.engines.score.portrait.catalogue import FEATURES
from karez.engines.score.portrait.cut import Sittings
from karez.engines.score.portrait.errors import FeatureUnknownError
from karez.engines.score.portrait.facts import Floats, Ints, Kind, Records
from karez.engines.score.portrait.feature import Feature, Missing
from karez.engines.score.portrait.scene import Scene
from karez.engines.score.table import Table

LABELS: Mapping[str, Kind] = {"place": Kind.PLACE, "industry": Kind.INDUSTRY}
"""The features that are words, and what each says: the latest label of its kind."""


@attrs.frozen
class Portraits:
    """Features of every sitting, a column each.

    ``missing`` says of every number that is NaN why (a ``Missing``); a label that is not known is
    None.
    """

    ids: Sequence[str]
    sittings: Sittings
    numbers: Mapping[str, Floats]
    missing: Mapping[str, npt.NDArray[np.int8]]
    labels: Mapping[str, npt.NDArray[np.object_]]

    def table(self) -> Table:
        """Return the columns as what a score is fitted to, or applied to."""
        return Table(self.ids, self.numbers, self.labels)


def portray(records: Records, sittings: Sittings) -> Portraits:
    """Return the portraits of all sittings.

    A fact counts if its day is not after that of the sitting, and if it was recorded by the
    sitting's ``known_at``; what does not count is cut away before anything is computed.
    """
    scene = Scene.of(records, sittings)
    numbers: dict[str, Floats] = {}
    missing: dict[str, npt.NDArray[np.int8]] = {}
    for feature in FEATURES:
        value = feature.measure(scene)
        why = _why_missing(scene, feature, value)
        numbers[feature.name] = np.where(why == Missing.NOT, value, np.nan)
        missing[feature.name] = why
    labels = {name: _latest(scene, kind, records.label_names) for name, kind in LABELS.items()}
    ids = [str(records.parties[party]) for party in sittings.party.tolist()]
    return Portraits(ids, sittings, numbers, missing, labels)


def _why_missing(scene: Scene, feature: Feature, value: Floats) -> npt.NDArray[np.int8]:
    view = scene.view(feature.basis)
    oldest = groups.pick(view.sitting, view.count, view.age_days)
    youngest = groups.pick(view.sitting, view.count, view.age_days, last=True)
    why = np.full(len(value), Missing.NOT, np.int8)
    # The strongest reason is written last.
    why[np.isnan(value)] = Missing.UNDEFINED
    why[oldest + 1 < feature.history_days] = Missing.TOO_SHORT
    why[youngest >= feature.window_days] = Missing.NONE_IN_WINDOW
    why[np.isnan(oldest)] = Missing.NO_FACTS
    return why


def _latest(scene: Scene, kind: Kind, names: Sequence[str]) -> npt.NDArray[np.object_]:
    """Return the latest label of a kind; of two of one day, the one that was recorded later."""
    view = scene.labels.take(scene.labels.facts.kind == kind)
    label = view.facts.label
    order = np.lexsort((label, view.facts.recorded_at, -view.age_days, view.sitting))
    found = groups.pick(view.sitting, view.count, label[order], last=True)
    texts = [None if np.isnan(label) else names[int(label)] for label in found.tolist()]
    column = np.empty(len(texts), np.object_)
    column[:] = texts
    return column


def facts_behind(records: Records, sittings: Sittings, name: str, sitting: int) -> Ints:
    """Return the facts that a figure of one sitting rests on.

    They are places in the table that the feature's ``basis`` names, such as ``records.invoices``.

    Raises:
        FeatureUnknownError: no feature has this name.
    """
    feature = find_feature(name)
    party = sittings.party[[sitting]]
    alone = Sittings(party, sittings.day[[sitting]], sittings.known_at[[sitting]])
    view = Scene.of(records, alone).view(feature.basis)
    return np.sort(view.origin[view.age_days < feature.window_days])


def find_feature(name: str) -> Feature:
    """Return the feature of a name.

    Raises:
        FeatureUnknownError: there is none.
    """
    for feature in FEATURES:
        if feature.name == name:
            return feature
    raise FeatureUnknownError(name=name)
