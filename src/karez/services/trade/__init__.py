"""The use cases of trade documents: what firms sent one another becomes facts."""

from karez.books.facts.parts import Line, Party, Reference, Thing
from karez.books.facts.schemas import (
    CreditNote,
    Despatch,
    Invoice,
    Order,
    Receipt,
    SensorReading,
    TransportEvent,
)
from karez.services.trade.intake import Intake
from karez.services.trade.recording import record_documents
from karez.services.trade.repeats import Repeats, digests_of, keys_of_repeats

__all__ = [
    "CreditNote",
    "Despatch",
    "Intake",
    "Invoice",
    "Line",
    "Order",
    "Party",
    "Receipt",
    "Reference",
    "Repeats",
    "SensorReading",
    "Thing",
    "TransportEvent",
    "digests_of",
    "keys_of_repeats",
    "record_documents",
]
