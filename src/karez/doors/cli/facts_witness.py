"""``karez facts witness``: cosigning the logs of others, and having our own cosigned."""

from __future__ import annotations

import socket
import sys

import attrs
import click

from karez.doors.cli.bookkeeping import exit_with, lines_of
from karez.doors.cli.evidence import open_evidence
from karez.doors.cli.shell import ExitCode, Shell, command_options, table
from karez.kernel.time import SystemClock
from karez.services import evidence as use
from karez.services.evidence import VerifierKey, Witness

PORT = 7380


@click.group()
def witness() -> None:
    """Witness the logs of others, and ask others to witness ours."""


@witness.command("open")
@click.argument("name")
@click.option("--post-quantum", is_flag=True, help="Sign with ML-DSA-44 in place of Ed25519.")
@command_options
def open_(shell: Shell, *, name: str, post_quantum: bool) -> None:
    """Make the key of a witness under NAME, or show it."""
    with open_evidence(shell) as evidence:
        key = use.begin_witness(evidence, name, post_quantum=post_quantum)
        file = evidence.keys.witness_file
    document = {"name": key.name, "vkey": key.text, "key_file": file}
    shell.show(
        document, lines_of([("witness", key.name), ("vkey", key.text), ("secret key", file)])
    )


@witness.command()
@click.argument("vkeys", metavar="VKEY...", nargs=-1, required=True)
@command_options
def watch(shell: Shell, *, vkeys: tuple[str, ...]) -> None:
    """Witness the log that has these keys from now on."""
    with open_evidence(shell) as evidence:
        origin = use.watch_log(evidence, vkeys)
    shell.show({"origin": origin}, [f"{origin} is witnessed here."])


@witness.command("list")
@command_options
def list_(shell: Shell) -> None:
    """List the logs that are witnessed, and how far."""
    with open_evidence(shell) as evidence:
        watched = use.watched_logs(evidence)
    document = {
        "logs": [
            {
                "origin": each.origin,
                "size": each.checkpoint.size,
                "vkeys": [key.text for key in each.keys],
                "checkpoint": each.note or None,
            }
            for each in watched
        ]
    }
    rows = [(each.origin, each.checkpoint.size) for each in watched]
    shell.show(document, table(("log", "size"), rows))


@witness.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="The port; 0 takes a free one.",
)
@command_options
def serve(shell: Shell, *, host: str, port: int) -> None:
    """Answer logs that ask to be witnessed, until told to end.

    Only this machine can reach it unless `--host` says otherwise; put a web server with TLS in
    front of it for others.
    """
    import uvicorn  # noqa: PLC0415 - only this command needs it

    from karez.doors.witness.app import witness_app  # noqa: PLC0415

    with shell.database() as database, open_evidence(shell) as evidence:
        at_work = Witness.at(evidence, database.connect, SystemClock())
        evidence.connection.close()
        listening = socket.create_server((host, port))
        url = f"http://{host}:{listening.getsockname()[1]}"
        document = {"url": url, "vkey": at_work.key.verifier.text}
        shell.show(document, [f"{at_work.key.name} listens at {url}"])
        sys.stdout.flush()
        config = uvicorn.Config(witness_app(at_work), log_level="warning")
        uvicorn.Server(config).run(sockets=[listening])


@witness.command()
@click.argument("url")
@click.option("--vkey", required=True, metavar="KEY", help="The public key of that witness.")
@command_options
def ask(shell: Shell, *, url: str, vkey: str) -> None:
    """Have our latest checkpoint cosigned by the witness at URL, and keep what it signed."""
    from karez.doors.witness.client import post_to  # noqa: PLC0415 - only this command needs it

    post = post_to(url)
    with open_evidence(shell) as evidence:
        size, cosignature = use.ask_witness(evidence, VerifierKey.parse(vkey), post, url)
    name = cosignature.key.name
    document = {"size": size, "name": name, "line": cosignature.signature.line.strip()}
    shell.show(document, [f"{name} cosigned our log of {size:,} facts."])


@witness.command()
@command_options
def forks(shell: Shell) -> None:
    """Show the evidence against other logs: two notes each that do not fit together.

    Exit code 6 says that there is some.
    """
    with open_evidence(shell) as evidence:
        found = use.forks(evidence)
    document = {"forks": [attrs.asdict(fork) for fork in found]}
    lines: list[str] = []
    for fork in found:
        seen = f"{fork.origin}, {fork.size} entries, {fork.reason}, seen {fork.seen_at.isoformat()}"
        lines += [seen, "", fork.known_note, fork.other_note]
    shell.show(document, lines or ["No log that is witnessed here has forked."])
    exit_with(ExitCode.FOUND if found else ExitCode.DONE)
