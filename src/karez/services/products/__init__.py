"""Products: term sheets under version control."""

from karez.services.products.ledger import LedgerMapping, Role
from karez.services.products.planning import planned
from karez.services.products.reading import read_sheet, try_sheet
from karez.services.products.sheet import TermSheet

__all__ = ["LedgerMapping", "Role", "TermSheet", "planned", "read_sheet", "try_sheet"]
