"""Competing claims and a body of law as data into a ranking with reasons, and the money."""

from karez.engines.priority.facts import Facts
from karez.engines.priority.rank import Ranking, rank
from karez.engines.priority.regime import Regime, regime_of

__all__ = ["Facts", "Ranking", "Regime", "rank", "regime_of"]
