"""Probabilities of default from few, unlike customers, and what they are worth."""
