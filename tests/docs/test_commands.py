"""The commands in the documentation run, and print what the page prints.

A block marked ``console`` holds commands (``$ ``) and, below each, its output. A command goes on
over a backslash or to the end of its here-document. The commands of a page run in one shell, in
order, in an empty folder, with a fresh ``KAREZ_HOME``; a command that fails must be followed by
``$ echo $?``. In an output, ``...`` stands for any text of a line, and alone on a line for any
lines; ids, times, durations and digests match any other of their kind.

A block after ``<!-- no-run: reason -->`` is not run. ``make docs-update`` (this test with
``UPDATE_DOCS=1``) writes what the commands print now into the pages.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```console\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_RUN = re.compile(r"<!-- no-run: \S.*?-->\s*\Z", re.DOTALL)
HERE_DOCUMENT = re.compile(r"<<-?\s*['\"]?(\w+)")
# What differs from run to run; longer forms first.
MASKS = {
    "<digest>": r"\b[0-9a-f]{64}\b",
    "<uuid>": r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b",
    "<id>": r"\b[a-z]{2,4}_[0-9a-hjkmnp-tv-z]{26}\b",
    "<time>": r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?",
    "<duration>": r"\b\d+(?:\.\d+)? ?(?:ms|s|seconds)\b",
}
END = "karez-docs-end-of-output"
# A page that shows how the server comes and goes; for the others it stays up, as each command would
# else wait for it to start and to stop.
OF_THE_SERVER = re.compile(r"^\$ karez (up|down|status|demo)\b", re.MULTILINE)
PAGE_TIMEOUT_SECONDS = 180


@attrs.frozen
class Command:
    """A command of a page, and where its printed output stands in the page's text."""

    text: str
    output: str
    start: int
    end: int


def runnable_blocks(page: str) -> Iterator[re.Match[str]]:
    return (block for block in BLOCK.finditer(page) if not NOT_RUN.search(page[: block.start()]))


def commands(page: str) -> list[Command]:
    return [command for block in runnable_blocks(page) for command in commands_of(block)]


def commands_of(block: re.Match[str]) -> Iterator[Command]:
    lines = block["body"].splitlines(keepends=True)
    assert lines[0].startswith("$ "), f"a block begins with a command, not with {lines[0]!r}"
    at = block.start("body")
    while lines:
        text = take_command(lines)
        start = at + len(text)
        output = ""
        while lines and not lines[0].startswith("$ "):
            output += lines.pop(0)
        at = start + len(output)
        yield Command(text.removeprefix("$ "), output, start, at)


def take_command(lines: list[str]) -> str:
    text = lines.pop(0)
    while text.endswith("\\\n"):
        text += lines.pop(0)
    if here := HERE_DOCUMENT.search(text):
        while not text.endswith(f"\n{here[1]}\n"):
            text += lines.pop(0)
    return text


def run(page_commands: list[Command], folder: Path) -> list[str]:
    """Run the commands in one shell and return what each printed."""
    script = "".join(
        f"{command.text}status=$?; printf '\\n{END} %s\\n' $status; (exit $status)\n"
        for command in page_commands
    )
    (folder / "page.sh").write_text(f"exec 2>&1\n{script}")
    (folder / "work").mkdir()
    done = subprocess.run(
        ["bash", folder / "page.sh"],
        cwd=folder / "work",
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
        timeout=PAGE_TIMEOUT_SECONDS,
    )
    *printed, rest = re.split(rf"\n{END} (\d+)\n", done.stdout)
    assert not rest, f"the page ended early: {done.stdout}"
    outputs, statuses = printed[::2], printed[1::2]
    assert len(outputs) == len(page_commands), f"the page ended early: {done.stdout}"
    check_statuses(page_commands, outputs, statuses)
    return outputs


def check_statuses(page_commands: list[Command], outputs: list[str], statuses: list[str]):
    following = [command.text for command in page_commands[1:]] + [""]
    for command, output, status, after in zip(
        page_commands, outputs, statuses, following, strict=True
    ):
        expected = status == "0" or after.startswith("echo $?")
        assert expected, f"$ {command.text}{output}exit code {status}"


def environment(folder: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KAREZ_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    home = str(folder / "home")
    return kept | {"PATH": path, "KAREZ_HOME": home, "COLUMNS": "100", "TZ": "UTC"}


def masked(text: str) -> str:
    for mask, pattern in MASKS.items():
        text = re.sub(pattern, mask, text)
    return text.rstrip("\n")


def matches(printed: str, page_output: str) -> bool:
    pattern = re.escape(masked(page_output) + "\n")
    pattern = re.sub(r"(?m)^\\\.\\\.\\\.\\\n", "(?:.*\n)*", pattern).replace(r"\.\.\.", ".*")
    return re.fullmatch(pattern, masked(printed) + "\n") is not None


def updated(page: str, page_commands: list[Command], outputs: list[str]) -> str:
    """Return the page with new outputs where the old ones do not match."""
    for command, output in reversed(list(zip(page_commands, outputs, strict=True))):
        if not matches(output, command.output):
            ended = output.rstrip("\n") + "\n" if output.strip() else ""
            page = page[: command.start] + ended + page[command.end :]
    return page


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not tmp_path: its parents are closed to the user that an embedded server runs as under root,
    # and its name leaves no room for a socket's path.
    with tempfile.TemporaryDirectory(prefix="karez-") as path:
        Path(path).chmod(0o755)
        yield Path(path)
        karez(Path(path), "down")


def karez(folder: Path, command: str) -> None:
    program = Path(sys.executable).with_name("karez")
    subprocess.run([program, command], env=environment(folder), check=True, capture_output=True)


PAGES = [
    path
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    if commands(path.read_text())
]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_page__prints_what_it_says(path: Path, folder: Path):
    page = path.read_text()
    page_commands = commands(page)
    if not OF_THE_SERVER.search(page):
        karez(folder, "up")
    outputs = run(page_commands, folder)
    if os.environ.get("UPDATE_DOCS"):
        path.write_text(updated(page, page_commands, outputs))
        return
    for command, output in zip(page_commands, outputs, strict=True):
        assert matches(output, command.output), f"$ {command.text}{output}\nmake docs-update"


def test_matching__is_no_looser_than_said():
    assert matches("took 1.25 s\n", "took 0.5 s\n")
    assert matches(
        "ent_01jh8z0m3x5q7r9t2v4w6y8a0b posted\n", "ent_01jh8z0m3x0000000000000000 posted\n"
    )
    assert matches("one\ntwo\nthree\n", "one\n...\n")
    assert matches("total 12.00 EUR\n", "total ... EUR\n")
    assert not matches("one\ntwo\n", "one\n")
    assert not matches("total 12.00\n", "total 13.00\n")
    assert not matches("one\ntwo\n", "one ...\n")


def test_page__is_read_and_rewritten(tmp_path: Path):
    page = """
```console
$ cat > names <<EOF
ada
EOF
$ cat \\
    names
bob
$ false
$ echo $?
...
```
<!-- no-run: it never ends -->
```console
$ sleep infinity
```
"""
    page_commands = commands(page)
    outputs = run(page_commands, tmp_path)
    assert outputs == ["", "ada\n", "", "1\n"]
    assert updated(page, page_commands, outputs) == page.replace("bob", "ada")


def test_page__may_not_hide_a_failure(tmp_path: Path):
    page = "```console\n$ false\n$ true\n```\n"
    with pytest.raises(AssertionError, match="false"):
        run(commands(page), tmp_path)
