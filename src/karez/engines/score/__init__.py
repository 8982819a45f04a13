"""A score for few, unlike customers: the probability of default, how sure it is, and why."""

from karez.engines.score.fit import fit
from karez.engines.score.model import Model
from karez.engines.score.predict import Score, Scorer, Scores, apply, explain
from karez.engines.score.reasons import Reason
from karez.engines.score.recipe import Feature, Recipe, Scale
from karez.engines.score.store import from_document, to_document
from karez.engines.score.table import Table

__all__ = [
    "Feature",
    "Model",
    "Reason",
    "Recipe",
    "Scale",
    "Score",
    "Scorer",
    "Scores",
    "Table",
    "apply",
    "explain",
    "fit",
    "from_document",
    "to_document",
]
