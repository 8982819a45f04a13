"""Portraits of firms and persons as of a date. See README.md; ``portray`` is the main entry."""

from karez.engines.score.portrait.catalogue import FEATURES
from karez.engines.score.portrait.cut import FOREVER, Sittings
from karez.engines.score.portrait.errors import FeatureUnknownError
from karez.engines.score.portrait.facts import (
    Invoices,
    Kind,
    Labels,
    Movement,
    Movements,
    Payrolls,
    Records,
    Repaying,
    Repayments,
    Side,
    Status,
)
from karez.engines.score.portrait.feature import Basis, Feature, Missing
from karez.engines.score.portrait.portray import (
    LABELS,
    Portraits,
    facts_behind,
    find_feature,
    portray,
)

__all__ = [
    "FEATURES",
    "FOREVER",
    "LABELS",
    "Basis",
    "Feature",
    "FeatureUnknownError",
    "Invoices",
    "Kind",
    "Labels",
    "Missing",
    "Movement",
    "Movements",
    "Payrolls",
    "Portraits",
    "Records",
    "Repaying",
    "Repayments",
    "Side",
    "Sittings",
    "Status",
    "facts_behind",
    "find_feature",
    "portray",
]
