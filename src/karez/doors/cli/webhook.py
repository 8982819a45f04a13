"""``karez webhook`` and ``karez event``: who is told of what happens, and what happened."""

from __future__ import annotations

from typing import Any

import click

from karez.doors.cli.bookkeeping import open_books
from karez.doors.cli.shell import Shell, command_options, table
from karez.services import outbox
from karez.services.outbox import Reach

_endpoint = click.argument("endpoint", type=int)
_scheme = click.option(
    "--hmac", "scheme", flag_value="v1", default="v1a", help="A shared secret, not a key pair."
)


@click.group()
def webhook() -> None:
    """Say where events are sent, and see to it that they arrive."""


@webhook.command()
@click.argument("url")
@click.option("--kind", "kinds", multiple=True, default=["*"], help="loan.disbursed, loan.* or *.")
@click.option("--loopback", is_flag=True, help="For development: an address of this machine.")
@_scheme
@command_options
def add(shell: Shell, *, url: str, kinds: tuple[str, ...], loopback: bool, scheme: Any) -> None:
    """Send events to URL from now on; prints what the receiver verifies them with."""
    with open_books(shell) as books:
        number, told = outbox.add_endpoint(
            books, url, kinds, scheme=scheme, reach=Reach(loopback=loopback)
        )
    document = {"endpoint": number, "verify_with": told}
    shell.show(document, [f"Endpoint {number}. It verifies with {told}"])


@webhook.command("list")
@command_options
def list_(shell: Shell) -> None:
    """List endpoints, and how many events wait for each."""
    with open_books(shell) as books:
        found = outbox.list_endpoints(books)
    document = [
        {
            "endpoint": each.endpoint_id,
            "url": each.url,
            "kinds": list(each.kinds),
            "state": each.state,
            "waiting": each.waiting,
        }
        for each in found
    ]
    rows = [(each.endpoint_id, each.state, each.waiting, each.url) for each in found]
    shell.show({"endpoints": document}, table(("endpoint", "state", "waiting", "url"), rows))


@webhook.command()
@_endpoint
@command_options
def test(shell: Shell, *, endpoint: int) -> None:
    """Send a test event to ENDPOINT alone."""
    with open_books(shell) as books:
        outbox.send_test(books, endpoint)
    shell.show({"endpoint": endpoint}, [f"A test is on its way to endpoint {endpoint}."])


@webhook.command()
@_endpoint
@_scheme
@command_options
def rotate(shell: Shell, *, endpoint: int, scheme: Any) -> None:
    """Sign with a new key; the old one signs beside it for a day."""
    with open_books(shell) as books:
        told = outbox.rotate(books, endpoint, scheme=scheme)
    shell.show({"endpoint": endpoint, "verify_with": told}, [f"It verifies with {told}"])


@webhook.command()
@_endpoint
@command_options
def pause(shell: Shell, *, endpoint: int) -> None:
    """Send nothing to ENDPOINT; what happens waits."""
    with open_books(shell) as books:
        outbox.pause(books, endpoint)
    shell.show({"endpoint": endpoint, "state": "paused"}, [f"Endpoint {endpoint} is paused."])


@webhook.command()
@_endpoint
@command_options
def resume(shell: Shell, *, endpoint: int) -> None:
    """Send to ENDPOINT again."""
    with open_books(shell) as books:
        outbox.resume(books, endpoint)
    shell.show({"endpoint": endpoint, "state": "active"}, [f"Endpoint {endpoint} is active."])


@webhook.command()
@_endpoint
@command_options
def remove(shell: Shell, *, endpoint: int) -> None:
    """Send nothing to ENDPOINT ever again."""
    with open_books(shell) as books:
        outbox.remove(books, endpoint)
    shell.show({"endpoint": endpoint, "state": "removed"}, [f"Endpoint {endpoint} is removed."])


@webhook.command()
@_endpoint
@click.option("--state", type=click.Choice(["waiting", "delivered", "dead"]))
@click.option("--before", type=int, help="Only events before this place.")
@command_options
def deliveries(shell: Shell, *, endpoint: int, state: str | None, before: int | None) -> None:
    """List what was sent to ENDPOINT or is to be, the newest event first."""
    with open_books(shell) as books:
        found = outbox.list_deliveries(books, endpoint, state=state, before=before)
    document = [
        {
            "sequence": each.sequence,
            "kind": each.kind,
            "object": each.object,
            "state": each.state,
            "attempts": each.attempts,
            "due_at": each.due_at,
            "status": each.status,
            "answer": each.answer,
        }
        for each in found
    ]
    rows = [
        (each.sequence, each.kind, each.object, each.state, each.attempts, each.status)
        for each in found
    ]
    headings = ("event", "kind", "object", "state", "attempts", "status")
    shell.show({"deliveries": document}, table(headings, rows))


@webhook.command()
@_endpoint
@click.argument("first", type=int)
@click.argument("last", type=int, required=False)
@command_options
def replay(shell: Shell, *, endpoint: int, first: int, last: int | None) -> None:
    """Send the events from FIRST to LAST again, or FIRST alone, under their ids."""
    with open_books(shell) as books:
        count = outbox.replay(books, endpoint, first, first if last is None else last)
    shell.show({"endpoint": endpoint, "events": count}, [f"{count:,} are on their way."])


@click.group()
def event() -> None:
    """See what happened, in the order in which it is told."""


@event.command("list")
@click.option("--after", type=int, default=0, help="Only events after this place.")
@click.option("--kind", "kinds", multiple=True, help="Only of this kind.")
@click.option("--object", "about", help="Only about this.")
@command_options
def list_events(shell: Shell, *, after: int, kinds: tuple[str, ...], about: str | None) -> None:
    """List events; go on after the last of them."""
    with open_books(shell) as books:
        found = outbox.list_events(books, after, kinds=kinds or None, object=about)
        code = books.institution.code
    rows = [(each.sequence, each.kind, each.object, each.message_id) for each in found]
    document = [each.document(code) for each in found]
    shell.show({"events": document}, table(("place", "kind", "object", "id"), rows))
