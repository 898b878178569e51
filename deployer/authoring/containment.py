"""Whether a file lies in the project: what a spec names is shown, hashed and uploaded, so a reviewer has to see it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path


def home_of(folder: Path) -> Path:
    """The outermost folder at or above this one with a `.git`, which is a folder or a file; else the folder itself."""
    return _home(folder.resolve())


@cache
def _home(real: Path) -> Path:
    marked = [place for place in (real, *real.parents) if (place / ".git").exists()]
    return marked[-1] if marked else real


def is_inside(path: Path, project: Path, allowed: Sequence[Path] = ()) -> bool:
    """Whether a path, links followed, lies in the repository of the project, or in one of the `allowed` folders."""
    real = path.resolve()
    return any(real.is_relative_to(place) for place in (home_of(project), *(item.resolve() for item in allowed)))


def is_file(path: Path) -> bool:
    """Whether there is a file; a path that cannot be, such as one that is too long, is none."""
    return _has_mode(path, stat.S_ISREG)


def is_folder(path: Path) -> bool:
    """Whether there is a folder; a path that cannot be, such as one that is too long, is none."""
    return _has_mode(path, stat.S_ISDIR)


def _has_mode(path: Path, wanted: Callable[[int], bool]) -> bool:
    try:
        return wanted(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def links_below(folder: Path) -> Iterator[Path]:
    """The links in a folder, not followed."""
    for root, folders, files in os.walk(folder):
        yield from (path for name in (*folders, *files) if (path := Path(root) / name).is_symlink())
