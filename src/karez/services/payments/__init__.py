"""Payments: statements of the bank taken in, matched to loans, and the queue of the rest."""
