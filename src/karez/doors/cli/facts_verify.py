"""``karez facts verify``: a receipt or a folder, without a database; or our own log."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from karez.doors.cli.bookkeeping import lines_of, progress, show_verification
from karez.doors.cli.evidence import open_evidence, policy_of, read_file
from karez.doors.cli.shell import Shell, command_options
from karez.doors.files.log_folder import LogFolder
from karez.services import evidence as use
from karez.services.evidence import Checked, Policy


@click.command()
@click.argument(
    "path", metavar="[FILE]", required=False, type=click.Path(exists=True, path_type=Path)
)
@click.option("--vkey", metavar="KEY", help="The public key of the log, as its keeper gave it.")
@click.option("--policy", type=read_file, help="A policy: logs, witnesses, and how many suffice.")
@command_options
def verify(shell: Shell, *, path: Path | None, vkey: str | None, policy: Path | None) -> None:
    """Check a receipt or an exported folder, or without FILE our own log in the database.

    FILE is checked without a database or a network: all it takes is the key of the log, or a
    policy that names logs and witnesses. Exit code 6 says that our own log disagrees with itself.
    """
    if path is None:
        _verify_log(shell)
    elif path.is_dir():
        _verify_folder(shell, path, policy_of(vkey, policy))
    else:
        text = path.read_bytes().decode(errors="surrogateescape")
        _tell_checked(shell, use.check_receipt(text, policy_of(vkey, policy)))


def _verify_log(shell: Shell) -> None:
    with open_evidence(shell) as evidence, progress(shell, "facts") as tell:
        report = use.verify(evidence, tell)
    counts = {
        "entries": report.entries,
        "bodies": report.bodies,
        "tiles": report.tiles,
        "checkpoints": report.checkpoints,
    }
    counted = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    show_verification(shell, report, {"origin": report.origin, **counts}, counted)


def _verify_folder(shell: Shell, path: Path, policy: Policy) -> None:
    with progress(shell, "facts") as tell:
        checkpoint = use.check_folder(LogFolder(path).read, policy, tell)
    document = {"holds": True, "origin": checkpoint.origin, "size": checkpoint.size}
    shell.show(document, [f"{checkpoint.size:,} facts of {checkpoint.origin}: everything agrees."])


def _tell_checked(shell: Shell, checked: Checked) -> None:
    signed_by = [
        {"name": each.key.name, "signed_at": _instant(each.time_seconds)}
        for each in checked.signatures
    ]
    document: dict[str, Any] = {
        "holds": True,
        "index": checked.index,
        "size": checked.checkpoint.size,
        "entry": checked.entry,
        "fact": checked.fields,
        "attester_key": checked.attester_key and checked.attester_key.hex(),
        "signatures": signed_by,
    }
    pairs: list[tuple[str, object]] = [
        ("log", checked.checkpoint.origin),
        ("index", str(checked.index)),
        ("recorded at", checked.entry.get("recorded_at", "")),
        ("schema", checked.entry.get("schema", "")),
    ]
    pairs += [("signed by", " ".join(filter(None, (s["name"], s["signed_at"])))) for s in signed_by]
    if checked.attester_key is not None:
        pairs.append(("attester's key", checked.attester_key.hex()))
    said = [] if checked.fields is None else [(name, str(v)) for name, v in checked.fields.items()]
    shell.show(document, ["The receipt holds.", *lines_of([*pairs, *said])])


def _instant(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()
