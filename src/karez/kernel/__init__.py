"""Idioms shared by every room of the house; nothing here knows a finance product."""
