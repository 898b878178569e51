"""The templates of the files that a project begins with."""

from __future__ import annotations

from importlib.resources import files


def starter_text(file: str) -> str:
    """The text of a template."""
    return files("deployer.authoring").joinpath("starter_files", file).read_text(encoding="utf-8")


def template(file: str, name: str) -> str:
    """The text of a template for a project of this name."""
    return starter_text(file).replace("PROJECT", name)
