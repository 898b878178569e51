"""The checkout that a project is in, as git knows it: its commit, and what has changed since another one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from deployer.core.bookkeeping import COMMIT_NAME

SECONDS = 2
"""How long git may take to answer: in a huge repository it is not worth waiting for."""
NO_MONITOR = ("-c", "core.fsmonitor=false")
"""A monitor of files is a program that a repository can name; its files must not decide what runs."""


def git(project: Path, *words: str) -> str | None:
    """What git says of a checkout; None where there is none, or no git, or where it fails."""
    command = ["git", "-C", str(project), *NO_MONITOR, *words]
    try:
        ended = subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
            check=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return ended.stdout.strip("\n")


def commit_of(project: Path) -> str:
    """The whole name of the commit of a checkout, with `-dirty` if files differ; "" where there is none, or no git."""
    return git(project, "describe", "--always", "--dirty", "--exclude=*", "--abbrev=64") or ""


def folder_of(project: Path) -> str:
    """The folder of a project in its repository, "" for its top."""
    return (git(project, "rev-parse", "--show-prefix") or "").rstrip("/")


def changed_files(project: Path, commit: str, folder: str) -> tuple[str, ...] | None:
    """The files of a folder that differ from a commit, as `score.py +3 -1`; None where git does not know the commit.

    Files that git does not track are not among them.
    """
    named = COMMIT_NAME.fullmatch(commit)
    if named is None:
        return None
    options = ("--numstat", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--relative")
    told = git(project / folder, "diff", *options, named[1], "--", ".")
    return None if told is None else tuple(_file(line) for line in told.split("\0") if line)


def _file(line: str) -> str:
    """A line of `git diff --numstat`, in which a binary file has dashes for its numbers."""
    added, removed, name = line.split("\t", 2)
    return f"{name} (binary)" if added == "-" else f"{name} +{added} -{removed}"
