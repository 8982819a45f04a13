"""The use cases of portraits: what the facts book says of firms, as features."""

from karez.services.portraits.portraying import (
    Gallery,
    PartyUnknownError,
    facts_behind,
    portray_all,
)
from karez.services.portraits.reading import (
    CurrencyUnclearError,
    Gathered,
    LeftOut,
    read_records_of,
)

__all__ = [
    "CurrencyUnclearError",
    "Gallery",
    "Gathered",
    "LeftOut",
    "PartyUnknownError",
    "facts_behind",
    "portray_all",
    "read_records_of",
]
