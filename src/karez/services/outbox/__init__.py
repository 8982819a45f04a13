"""Outbox: events of what happened, and their way to those who asked to hear of them."""

from karez.services.outbox.events import Event, list_events, place_events, publish

__all__ = ["Event", "list_events", "place_events", "publish"]
