"""Settings: who wins, where each value came from, and what is refused."""

import os
from pathlib import Path

import pytest

from karez.kernel.config import (
    FILE_NAME,
    NAMES,
    ConfigUnknownError,
    ConfigUnreadableError,
    ConfigValueError,
    data_home,
    load_config,
    mask_password,
)
from tidy.tree import ROOT


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment of a user whose home folder is empty."""
    return {"HOME": str(tmp_path / "user")}


@pytest.fixture
def start(tmp_path: Path) -> Path:
    folder = tmp_path / "lender" / "branch" / "desk"
    folder.mkdir(parents=True)
    return folder


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
    return folder / FILE_NAME


def test_config__defaults(environ: dict[str, str], start: Path):
    config = load_config(environ, start)
    assert config.home == data_home(environ)
    assert (config.database_url, config.institution, config.postgres_bin) == (None, "main", None)
    assert config.entries() == [
        ("home", str(config.home), "default"),
        ("database_url", "(embedded)", "default"),
        ("institution", "main", "default"),
        ("postgres_bin", "(from the wheel)", "default"),
    ]


def test_config__from_where_the_command_runs(monkeypatch, start: Path):
    path = write(start, 'institution = "here"\n')
    monkeypatch.chdir(start)
    for variable in NAMES:
        monkeypatch.delenv(f"KAREZ_{variable.upper()}", raising=False)
    monkeypatch.setenv("KAREZ_DATABASE_URL", "host=db")
    config = load_config()
    assert (config.institution, config.database_url) == ("here", "host=db")
    assert config.origins["institution"] == f"{path}, line 1"


def test_config__each_layer_wins_over_the_one_before(environ: dict[str, str], start: Path):
    everything = 'institution = "{0}"\nhome = "{0}"\npostgres_bin = "{0}"\n'
    user = write(Path(environ["HOME"]) / ".config" / "karez", everything.format("user"))
    far = write(start.parents[1], everything.format("far"))
    near = write(start.parent, '# ours\n\ninstitution = "near"\nhome="near"')
    environ["KAREZ_INSTITUTION"] = "variable"
    config = load_config(environ, start)
    assert config.institution == "variable"
    assert config.home == near.parent / "near"
    assert config.postgres_bin == user.parent / "user"
    assert dict(config.origins) == {
        "home": f"{near}, line 4",
        "database_url": "default",
        "institution": "environment KAREZ_INSTITUTION",
        "postgres_bin": f"{user}, line 3",
    }
    near.unlink()
    assert load_config(environ, start).home == far.parent / "far"


def test_config__user_file_under_xdg_config_home(environ: dict[str, str], start: Path):
    folder = start / "etc"
    path = write(folder / "karez", 'institution = "xdg"\n')
    environ["XDG_CONFIG_HOME"] = str(folder)
    config = load_config(environ, start)
    assert (config.institution, config.origins["institution"]) == ("xdg", f"{path}, line 1")


def test_config__paths(environ: dict[str, str], start: Path):
    absolute = start / "programs"
    environ |= {"KAREZ_HOME": "data", "KAREZ_POSTGRES_BIN": str(absolute)}
    config = load_config(environ, start)
    assert (config.home, config.postgres_bin) == (start / "data", absolute)
    environ["KAREZ_HOME"] = "~/data"
    assert load_config(environ, start).home == Path(environ["HOME"]) / "data"


def test_config__empty_text_is_the_default(environ: dict[str, str], start: Path):
    write(start, 'database_url = "host=db"\ninstitution = "a"\nhome = "b"\npostgres_bin = "c"\n')
    environ |= {f"KAREZ_{name.upper()}": "" for name in NAMES}
    config = load_config(environ, start)
    assert (config.database_url, config.institution) == (None, "main")
    assert (config.home, config.postgres_bin) == (data_home(environ), None)
    assert config.origins["institution"] == "environment KAREZ_INSTITUTION"


def test_data_home__by_user_and_platform(monkeypatch, environ: dict[str, str]):
    user = Path(environ["HOME"])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert data_home(environ, "linux") == user / ".local" / "share" / "karez"
    assert data_home(environ | {"XDG_DATA_HOME": "/xdg"}, "linux") == Path("/xdg/karez")
    ignored = environ | {"XDG_DATA_HOME": "relative"}
    assert data_home(ignored, "linux") == user / ".local" / "share" / "karez"
    assert data_home(environ, "darwin") == user / "Library" / "Application Support" / "karez"
    assert data_home({}, "linux") == Path.home() / ".local" / "share" / "karez"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert data_home(environ | {"XDG_DATA_HOME": "/xdg"}, "linux") == Path("/var/lib/karez")


def test_config__unknown_variable(environ: dict[str, str], start: Path):
    environ["KAREZ_DATABASE_URI"] = "x"
    with pytest.raises(ConfigUnknownError) as caught:
        load_config(environ, start)
    assert caught.value.message == (
        "the environment sets KAREZ_DATABASE_URI, which is no setting:"
        " did you mean KAREZ_DATABASE_URL?"
    )


@pytest.mark.parametrize(
    ("text", "line", "name", "nearest"),
    [
        ('home = "a"\ninstituion = "b"\n', 2, "instituion", "institution"),
        ('home = "a"\n[database]\nurl = "b"\n', 2, "database", "database_url"),
        ('"zürich" = "b"\n', 1, "zürich", None),
    ],
)
def test_config__unknown_key(environ, start: Path, text, line, name, nearest):
    path = write(start, text)
    with pytest.raises(ConfigUnknownError) as caught:
        load_config(environ, start)
    details = caught.value.details
    assert (details["place"], details["name"]) == (f"{path}, line {line}", name)
    assert details["nearest"] == nearest or nearest is None


@pytest.mark.parametrize("value", ["3", "true", '["a"]', "{a = 1}", "2026-01-01"])
def test_config__value_that_is_not_text(environ: dict[str, str], start: Path, value: str):
    path = write(start, f"institution = {value}\n")
    with pytest.raises(ConfigValueError) as caught:
        load_config(environ, start)
    assert caught.value.details == {"place": f"{path}, line 1", "name": "institution"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'home = "a"\nhome = "b"\n', "line 2"),
        (b"home\n", "line 1"),
        (b'home = "\xff"\n', "utf-8"),
    ],
)
def test_config__unreadable_file(environ: dict[str, str], start: Path, content: bytes, reason: str):
    path = start / FILE_NAME
    path.write_bytes(content)
    with pytest.raises(ConfigUnreadableError) as caught:
        load_config(environ, start)
    assert caught.value.details["path"] == str(path)
    assert reason in caught.value.message


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://db/karez", "postgresql://db/karez"),
        ("postgresql://ada@db:5432/karez", "postgresql://ada@db:5432/karez"),
        ("postgresql://ada:secret@db:5432/karez", "postgresql://ada:***@db:5432/karez"),
        ("postgresql://ada:s@ec/r:et@db/karez", "postgresql://ada:***@db/karez"),
        ("postgresql://:secret@/karez", "postgresql://:***@/karez"),
        ("postgresql://db/k?password=secret&sslmode=require",
         "postgresql://db/k?password=***&sslmode=require"),
        ("postgresql://ada:secret@db/k?sslpassword=secret",
         "postgresql://ada:***@db/k?sslpassword=***"),
        ("host=db password=secret user=ada", "host=db password=*** user=ada"),
        ("host=db PASSWORD = 'sec''ret'", None),
        (r"password='a \' secret' host=db", "password=*** host=db"),
        (r"password=a\ secret host=db", "password=*** host=db"),
        ("password=a&secret", "password=***"),
        ("host=db password='a secret", "host=db password=***"),
    ],
)  # fmt: skip
def test_password__is_never_shown(address: str, shown: str | None, environ, start: Path):
    environ["KAREZ_DATABASE_URL"] = address
    config = load_config(environ, start)
    assert config.database_url == address
    for text in (mask_password(address), repr(config), str(config.entries())):
        assert "secret" not in text
    if shown:
        assert mask_password(address) == config.entries()[1][1] == shown


def test_page__names_every_setting():
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")
    for name in NAMES:
        assert f"| `{name}` | `KAREZ_{name.upper()}` |" in page
