"""How far to believe a trade: matching, duplicates, rings, plausibility, whom to believe."""

from karez.engines.trust.assess import ALL, Assessment, Reason, assess, combine
from karez.engines.trust.evidence import Evidence, Kind
from karez.engines.trust.fingerprint import Invoices, Prints, fingerprints
from karez.engines.trust.revisits import SEED_OCTETS, commitment, draw
from karez.engines.trust.rules import Rules
from karez.engines.trust.verdict import Answer, Verdict

__all__ = [
    "ALL",
    "SEED_OCTETS",
    "Answer",
    "Assessment",
    "Evidence",
    "Invoices",
    "Kind",
    "Prints",
    "Reason",
    "Rules",
    "Verdict",
    "assess",
    "combine",
    "commitment",
    "draw",
    "fingerprints",
]
