"""Servicing: the state of a loan from its terms and what happened, in the order of value dates."""
