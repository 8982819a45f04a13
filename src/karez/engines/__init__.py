"""Engines: pure functions from terms, events and facts to what follows from them."""
