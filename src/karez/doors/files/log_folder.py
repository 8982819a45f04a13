"""A log as a folder of files, as any web server can serve it (c2sp.org/tlog-tiles)."""

from __future__ import annotations

from pathlib import Path

from karez.doors.files.errors import FileUnwritableError
from karez.services.evidence import ProofInvalidError


class LogFolder:
    """Writes and reads the files of a log below a folder, by their paths in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def is_there(self, path: str) -> bool:
        """Tell whether a file has been written."""
        return (self.path / path).is_file()

    def write(self, path: str, content: bytes) -> None:
        """Write a file, whole or not at all.

        Raises:
            FileUnwritableError: it cannot be written.
        """
        target = self.path / path
        part = target.with_name(f".{target.name}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
            part.replace(target)
        except OSError as fault:
            raise FileUnwritableError(file=str(target), reason=fault.strerror) from fault

    def read(self, path: str) -> bytes:
        """Return the content of a file.

        Raises:
            ProofInvalidError: it is not there.
        """
        try:
            return (self.path / path).read_bytes()
        except OSError as fault:
            raise ProofInvalidError(reason=f"{path} cannot be read: {fault.strerror}") from fault
