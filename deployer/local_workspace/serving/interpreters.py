"""The Python that a conda file asks for, where this machine has it: on PATH, from pyenv or from uv."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

SUPPORTED = range(8, 16)
"""Minor versions of Python 3 that a deployment can run on: `gunicorn_hooks` and uv know them."""

_EXACT = re.compile(r"==(\d+\.\d+)\.\d+")
_RELEASE = re.compile(r"(?:cpython-)?3\.(?P<minor>\d+)\.\d+(?:-.*)?")
_ASK = "import platform, sys; print(platform.python_version(), sys.base_prefix)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python on this machine; `home` is where it is installed."""

    python: Path
    version: str
    home: str


def this_one() -> Interpreter:
    """The Python that the local workspace runs on."""
    version = ".".join(map(str, sys.version_info[:3]))
    return Interpreter(python=Path(sys.executable), version=version, home=sys.base_prefix)


def suited(specifier: str) -> Interpreter | None:
    """This Python if it is as `specifier` (PEP 440, "" for any) says, else the nearest that is; None without one.

    Conda would install the very patch release; here any of the same minor version will do.
    """
    exact = _EXACT.fullmatch(specifier)
    try:
        wanted = SpecifierSet(f"=={exact[1]}.*" if exact else specifier)
    except InvalidSpecifier:
        return None
    own = this_one()
    if own.version in wanted:
        return own
    found = [item for item in _others() if item.version in wanted]
    return min(found, key=lambda item: _distance(item, own), default=None)


def _distance(item: Interpreter, own: Interpreter) -> tuple[int, int]:
    version, mine = Version(item.version), Version(own.version)
    return abs(version.minor - mine.minor), -version.micro


@lru_cache(maxsize=1)
def _others() -> tuple[Interpreter, ...]:
    """All other supported ones; each is asked once in the life of the server."""
    return tuple(found for path in dict.fromkeys(_candidates()) if (found := _asked(path)))


def _candidates() -> Iterator[Path]:
    for minor in SUPPORTED:
        if found := shutil.which(f"python3.{minor}"):
            yield Path(found)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or Path.home() / ".local" / "share" / "uv" / "python")
    for folder in [*sorted(pyenv.glob("3.*")), *sorted(uv.glob("cpython-3.*"))]:
        release = _RELEASE.fullmatch(folder.name)
        if release and int(release["minor"]) in SUPPORTED:
            yield folder / "bin" / "python3"


def _asked(python: Path) -> Interpreter | None:
    """What an interpreter says of itself; None for one that does not run, as a shim of pyenv for what is not chosen."""
    try:
        ended = subprocess.run(
            [python, "-I", "-c", _ASK], capture_output=True, text=True, timeout=20, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version, _, home = ended.stdout.strip().partition(" ")
    return Interpreter(python=python, version=version, home=home) if re.fullmatch(r"3\.\d+\.\d+", version) else None
