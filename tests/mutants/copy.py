"""The project copied aside, so that one may go on working while its tests run by the hundred."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from tests.mutants.testing import ROOT

PLACE = ROOT / ".mutants" / "tree"


def copied() -> Path:
    """A copy of every file that git has or would take."""
    shutil.rmtree(PLACE, ignore_errors=True)
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (PLACE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, PLACE / name)
    return PLACE


def go_on_in(place: Path, arguments: list[str]) -> NoReturn:
    """Begin anew in a copy."""
    os.chdir(place)
    os.execv(sys.executable, [sys.executable, "-m", "tests.mutants", "--here", *arguments])
