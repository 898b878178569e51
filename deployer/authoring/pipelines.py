"""Pipelines for a project: review of pull requests, apply after the merge, and drift every night. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import assert_never

from deployer.authoring.starter_texts import starter_text

GITHUB = ".github/workflows"


class Platform(StrEnum):
    """Where pipelines run."""

    GITHUB = "github"
    AZURE = "azure"


def pipeline_files(platform: Platform, envs: Sequence[str], install: str) -> Mapping[str, str]:
    """The files of the pipelines for these envs, in the order in which changes reach them.

    `install` are the shell lines that install the deployer.
    """
    match platform:
        case Platform.GITHUB:
            names = ("deployer-review.yml", "deployer-apply.yml", "deployer-drift.yml")
            return {f"{GITHUB}/{name}": _github(name, envs, install) for name in names}
        case Platform.AZURE:
            stages = "".join(_stage(env, before, install) for before, env in zip(("", *envs), envs, strict=False))
            return {"azure-pipelines.yml": starter_text("azure-pipelines.yml").replace("@STAGES@\n", stages)}
    assert_never(platform)


def _github(name: str, envs: Sequence[str], install: str) -> str:
    jobs = "\n".join(_jobs(env, before) for before, env in zip(("", *envs), envs, strict=False))
    text = starter_text(f"github/{name}").replace("@JOBS@\n", jobs).replace("@ENVS@", ", ".join(envs))
    return _with_install(text, install)


def _jobs(env: str, before: str) -> str:
    needs = f"    needs: [{before}, {before}-approved]\n" if before else ""
    return starter_text("github/apply-job.yml").replace("@NEEDS@", needs).replace("@ENV@", env)


def _stage(env: str, before: str, install: str) -> str:
    """The stage of one env; names of stages have no dashes."""
    needs = before.replace("-", "_") or "[]"
    text = starter_text("azure-stage.yml").replace("@NEEDS@", needs).replace("@STAGE@", env.replace("-", "_"))
    return _with_install(text.replace("@ENV@", env), install)


def _with_install(text: str, lines: str) -> str:
    """The text with the lines that install the deployer in their places, at the depth of these."""
    result = []
    for line in text.splitlines():
        depth = line[: len(line) - len(line.lstrip())]
        result += textwrap.indent(lines, depth).splitlines() if line.strip() == "@INSTALL@" else [line]
    return "\n".join(result) + "\n"
