"""Statements of bank accounts: camt.053 and camt.054, MT940, tables."""
