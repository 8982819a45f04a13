"""Outbox: events of what happened, and their way to those who asked to hear of them."""

from karez.services.outbox.addresses import Reach
from karez.services.outbox.endpoints import (
    Delivery,
    Endpoint,
    add_endpoint,
    list_deliveries,
    list_endpoints,
    pause,
    remove,
    replay,
    resume,
    rotate,
    send_test,
)
from karez.services.outbox.events import (
    OBJECT_LETTERS_MOST,
    Event,
    list_events,
    place_events,
    publish,
)
from karez.services.outbox.sender import Sender
from karez.services.outbox.verifying import OutboxVerification, verify

__all__ = [
    "OBJECT_LETTERS_MOST",
    "Delivery",
    "Endpoint",
    "Event",
    "OutboxVerification",
    "Reach",
    "Sender",
    "add_endpoint",
    "list_deliveries",
    "list_endpoints",
    "list_events",
    "pause",
    "place_events",
    "publish",
    "remove",
    "replay",
    "resume",
    "rotate",
    "send_test",
    "verify",
]
