"""Key files: where the secret halves are, for their owner alone.

Each file holds keys as Go's note package writes them, one a line. A key is never in the database,
never in a backup of it, and never printed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import attrs

from karez.books.facts.errors import KeyFileError, KeyMalformedError, NoteMalformedError
from karez.books.facts.tlog.checkpoint import Checkpoint
from karez.books.facts.tlog.keys import KeyKind, SigningKey

_OTHERS = 0o077


@attrs.frozen
class KeyFolder:
    """The folder with the keys of one institution: ``log.key`` and ``witness.key``."""

    path: Path

    @classmethod
    def of(cls, home: Path, institution_code: str) -> KeyFolder:
        """Return the folder of an institution below the home of Karez."""
        return cls(home / "keys" / institution_code)

    @property
    def log_file(self) -> Path:
        """The file with the keys that sign checkpoints."""
        return self.path / "log.key"

    @property
    def witness_file(self) -> Path:
        """The file with the key that cosigns those of others."""
        return self.path / "witness.key"

    @property
    def given_file(self) -> Path:
        """How many cosignatures the witness has given: what its database must at least know."""
        return self.path / "witness.given"

    @property
    def shown_file(self) -> Path:
        """The largest checkpoint of the log that others were given: what it must at least hold."""
        return self.path / "log.shown"

    def load(self, file: Path) -> tuple[SigningKey, ...] | None:
        """Return the keys of a file, None where it is not there.

        Raises:
            KeyFileError: it cannot be read, others may read it, or it holds no keys.
        """
        try:
            with file.open(encoding="utf-8") as stream:
                if os.fstat(stream.fileno()).st_mode & _OTHERS:
                    raise KeyFileError(path=str(file), reason="others may read it; chmod 600 it")
                return tuple(SigningKey.parse(line) for line in stream.read().splitlines())
        except FileNotFoundError:
            return None
        except OSError as fault:
            raise KeyFileError(path=str(file), reason=fault.strerror or "unreadable") from fault
        except (KeyMalformedError, UnicodeDecodeError) as fault:
            raise KeyFileError(path=str(file), reason="it holds no signing keys") from fault

    def make(self, file: Path, name: str, kinds: Sequence[KeyKind]) -> tuple[SigningKey, ...]:
        """Make fresh keys in a file that is not there yet; whoever comes second gets the first's.

        Raises:
            KeyFileError: the file cannot be written.
        """
        keys = [SigningKey.new(name, kind) for kind in kinds]
        part = file.with_suffix(f".{os.getpid()}.part")
        try:
            _write_durably(part, "".join(f"{key.text}\n" for key in keys))
            with suppress(FileExistsError):
                os.link(part, file)  # unlike a rename it never takes the place of another key
            part.unlink()
        except OSError as fault:
            raise KeyFileError(path=str(file), reason=fault.strerror or "unwritable") from fault
        made = self.load(file)
        return made or tuple(keys)

    def given(self) -> int:
        """Return how many cosignatures the witness has given.

        Raises:
            KeyFileError: the file is not there, or does not say.
        """
        try:
            return int(self.given_file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as fault:
            raise KeyFileError(path=str(self.given_file), reason="it holds no number") from fault

    def note_given(self, count: int) -> None:
        """Write down, durably, how many cosignatures the witness has given.

        Raises:
            KeyFileError: the file cannot be written.
        """
        _replace_durably(self.given_file, f"{count}\n")

    def shown(self) -> Checkpoint | None:
        """Return the largest checkpoint of the log that others were given, None if none was.

        Raises:
            KeyFileError: the file does not say.
        """
        try:
            return Checkpoint.parse(self.shown_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, NoteMalformedError, UnicodeDecodeError) as fault:
            reason = "it holds no checkpoint"
            raise KeyFileError(path=str(self.shown_file), reason=reason) from fault

    def note_shown(self, body: str) -> None:
        """Write down, durably, a checkpoint that is about to leave the house, if it is the largest.

        Where the key of the log is not, nothing is written: no entry is added from there.

        Raises:
            KeyFileError: the file cannot be written.
        """
        before = self.shown()
        if self.log_file.exists() and (before is None or before.size < Checkpoint.parse(body).size):
            _replace_durably(self.shown_file, body)


def _replace_durably(file: Path, text: str) -> None:
    part = file.with_suffix(f".{os.getpid()}.part")
    try:
        part.unlink(missing_ok=True)
        _write_durably(part, text)
        part.replace(file)
    except OSError as fault:
        raise KeyFileError(path=str(file), reason=fault.strerror or "unwritable") from fault


def _write_durably(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
