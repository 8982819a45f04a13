"""What the commands of the facts book share."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import click

from karez.doors.cli.shell import Shell
from karez.services.evidence import Evidence, Policy, VerifierKey
from karez.services.evidence import open_evidence as open_evidence_of

read_file = click.Path(exists=True, dir_okay=False, path_type=Path)
write_file = click.Path(dir_okay=False, writable=True, path_type=Path)


@contextmanager
def open_evidence(shell: Shell) -> Generator[Evidence]:
    """Give the facts book of the institution that the settings name."""
    config = shell.config
    with (
        shell.database() as database,
        open_evidence_of(database, config.institution, config.home) as evidence,
    ):
        yield evidence


def policy_of(vkey: str | None, policy: Path | None) -> Policy:
    """Return the policy that two options make: a file, or the key of the log alone."""
    if policy is not None:
        return Policy.parse(policy.read_bytes().decode(errors="surrogateescape"))
    if vkey is None:
        raise click.UsageError("say whom you trust: --vkey KEY or --policy FILE")
    return Policy.of_log(VerifierKey.parse(vkey))
