"""Builds the console's vendor files into the checkout: `make assets`; nothing if they are there."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hatch_build import AssetsFailedError, build


def main() -> int:
    """Build, and return the exit code."""
    try:
        made = build()
    except AssetsFailedError as fault:
        print(f"The console's files are not built; all else works.\n{fault}", file=sys.stderr)
        return 1
    if made:
        print("Built the console's files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
