"""What the tidy tests look at: this repository's files, and nothing made from them."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("src", "tests", "docs", "scripts", "benchmarks", "examples", "requirements")
TEXT = (".json", ".lock", ".md", ".py", ".sh", ".sql", ".toml")
WITHOUT_ENDING = (".ci/run", ".gitignore", ".sqlfluff", "LICENSE", "Makefile")


def files(*endings: str, under: tuple[str, ...] = FOLDERS) -> list[Path]:
    """Return the files below these folders that have one of these endings, in order."""
    return sorted(
        path
        for folder in under
        for path in (ROOT / folder).rglob("*")
        if path.suffix in endings and "__pycache__" not in path.parts
    )


def every_text() -> list[Path]:
    """Return every text file, those at the top included."""
    at_the_top = [path for path in ROOT.iterdir() if path.suffix in TEXT]
    return [ROOT / path for path in WITHOUT_ENDING] + sorted(at_the_top) + files(*TEXT)


def name(path: Path) -> str:
    """Return the path as people write it: from the root of the repository."""
    return path.relative_to(ROOT).as_posix()
