"""A full disk and a killed process, for every writer: nothing that was there is lost, and nothing half is there."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from faults.writers import WRITERS, prepared
from therapeutic_process.exchange import example_cases, read_cases, write_cases, write_tables

HERE = Path(__file__).parent


def contents(folder: Path) -> dict[str, bytes]:
    """Return what a reader of a folder finds: files that begin with a dot are none of it."""
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and not any(part.startswith(".") for part in p.relative_to(folder).parts)
    }


def unfinished(folder: Path) -> list[Path]:
    return [p for p in folder.rglob(".*") if p.is_file()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    prepared(folder)
    return folder


def stopped(folder: Path, how: str) -> dict[str, str]:
    """Run every writer again over what it wrote, each stopped in the middle."""
    paths = os.pathsep.join([str(HERE.parent), str(HERE.parents[1] / "src")])
    run = subprocess.run(
        [sys.executable, str(HERE / "writers.py"), str(folder), how],
        env={**os.environ, "PYTHONPATH": paths, "POLARS_MAX_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return dict(line.split("\t") for line in run.stdout.splitlines())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that forks")
@pytest.mark.parametrize(("how", "end"), [("full", "OSError"), ("killed", "SIGXFSZ")])
def test_a_stopped_writer_loses_nothing(whole: Path, how: str, end: str) -> None:
    before = {name: contents(whole / name) for name in WRITERS}
    assert all(before.values())
    ended = stopped(whole, how)
    assert ended == dict.fromkeys(WRITERS, end)
    assert {name: contents(whole / name) for name in WRITERS} == before
    if how == "full":
        assert not [p for name in WRITERS for p in unfinished(whole / name)]


def test_tables_that_belong_together_are_replaced_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tables(example_cases()[:1], tmp_path / "x")
    before = contents(tmp_path)
    written: list[int] = []
    true_fsync = os.fsync

    def full(stream: int) -> None:
        written.append(stream)
        if len(written) == 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        true_fsync(stream)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="space"):
        write_tables(example_cases(), tmp_path / "x", force=True)
    assert contents(tmp_path) == before
    assert not unfinished(tmp_path)


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz"])
def test_what_is_read_is_not_lost_when_its_own_rewriting_fails(ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"x{ending}"
    write_cases(example_cases(), file)
    before = file.read_bytes()

    def half() -> Any:
        for n, case in enumerate(read_cases(file)):
            if n == 2:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            yield case

    with pytest.raises(OSError, match="space"):
        write_cases(half(), file)
    assert file.read_bytes() == before


def _mounted(folder: Path) -> bool:
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    return subprocess.run(mount, capture_output=True, check=False).returncode == 0


def _fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as stream:
        while True:
            stream.write(b"x" * 4096)


def test_a_disk_that_is_full_loses_nothing(tmp_path: Path) -> None:
    if not _mounted(tmp_path):
        pytest.skip("needs the right to mount a small file system")
    try:
        prepared(tmp_path)
        before = {name: contents(tmp_path / name) for name in WRITERS}
        with pytest.raises(OSError, match="space"):
            _fill(tmp_path)
        for name, write in WRITERS.items():
            with pytest.raises(OSError, match=r"space|exit"):
                write(tmp_path / name)
            assert contents(tmp_path / name) == before[name], name
            assert not unfinished(tmp_path / name), name
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)
