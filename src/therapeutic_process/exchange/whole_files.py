"""Files that appear only when they are complete: until then, and if anything goes wrong, what was there stays."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["whole_file", "write_whole_files"]


@contextmanager
def whole_file(target: Path, *, private: bool = False) -> Iterator[IO[bytes]]:
    """Open a file that takes its place when the block ends, and is gone if the block fails.

    It is written beside its place, under a name that begins with a dot and ends in ``.part``; a process that is killed
    leaves that behind. It gets the permissions that the process gives to new files.

    Args:
        target: Where the file shall stand.
        private: Whether nobody but its owner may read it, from the beginning on.
    """
    temporary = _beside(target)
    try:
        with open(temporary, "xb", opener=_private if private else None) as stream:
            yield stream
            _flush(stream)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_whole_files(contents: Mapping[Path, bytes]) -> None:
    """Write several files that belong together: none takes its place before all are complete.

    Args:
        contents: Bytes by place.
    """
    beside = {target: _beside(target) for target in contents}
    try:
        for target, data in contents.items():
            with beside[target].open("xb") as stream:
                stream.write(data)
                _flush(stream)
        for target, temporary in beside.items():
            temporary.replace(target)
    finally:
        for temporary in beside.values():
            temporary.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _beside(target: Path) -> Path:
    return target.with_name(f".{uuid4().hex}.part")


def _flush(stream: IO[bytes]) -> None:
    stream.flush()
    os.fsync(stream.fileno())
