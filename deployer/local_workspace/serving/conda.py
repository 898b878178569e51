"""Translates a conda file into requirements that pip and uv understand."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from deployer.local_workspace.ports import WorkloadFailed

PYPI_NAMES = {
    "py-opencv": "opencv-python-headless",
    "opencv": "opencv-python-headless",
    "dask-core": "dask",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "py-xgboost": "xgboost",
    "pytables": "tables",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "seaborn-base": "seaborn",
    "tensorflow-gpu": "tensorflow",
}
"""Conda packages that have another name on PyPI."""

NOT_PYTHON = {
    *("blas", "ca-certificates", "cpuonly", "cuda", "cudatoolkit", "cudnn", "gcc", "gxx", "libgcc-ng", "libstdcxx-ng"),
    *("mkl", "nodejs", "openblas", "openssl", "pytorch-cuda", "pytorch-mutex"),
}
"""Conda packages that hold no Python code and have no counterpart on PyPI."""

_MATCH_SPEC = re.compile(r"(?:[^\s:]+::)?(?P<name>[A-Za-z0-9_.-]+)\s*(?P<version>[^\s\[\]|]*)(?:\s+[^\s|]+)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """Requirements in pip's syntax, in the order of the file, and remarks for the build log."""

    requirements: tuple[str, ...]
    remarks: tuple[str, ...]


def read_conda_file(text: str) -> Packages:
    """The packages of a conda file in YAML or JSON.

    Raises WorkloadFailed (ImageBuildFailure) for a file that is not one or cannot be translated.
    """
    requirements: list[str] = []
    remarks: list[str] = []
    for dependency in _dependencies(text):
        match dependency:
            case str():
                translated, remark = _translate(dependency)
                requirements += [translated] if translated else []
                remarks += [remark] if remark else []
            case {"pip": list(lines)} if all(isinstance(line, str) for line in lines):
                requirements += lines
            case _:
                raise _refused(
                    f"The conda file has a dependency that is neither text nor a list under `pip:`: {dependency!r}."
                )
    return Packages(requirements=tuple(requirements), remarks=tuple(remarks))


def _dependencies(text: str) -> Iterator[object]:
    try:
        document = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise _refused(f"The conda file is not valid YAML: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("dependencies"), list):
        raise _refused("The conda file has no list `dependencies:`.")
    yield from document["dependencies"]


def _translate(dependency: str) -> tuple[str | None, str | None]:
    """One conda match specification as (requirement, remark)."""
    match = _MATCH_SPEC.fullmatch(dependency.strip())
    if match is None:
        raise _refused(f"The conda dependency {dependency!r} cannot be translated: write it under `pip:` instead.")
    name, version = match["name"].lower(), match["version"]
    if name == "python":
        return None, _python_remark(version)
    if name in NOT_PYTHON:
        return None, f"Left out {dependency!r}: it has no counterpart among Python packages."
    return PYPI_NAMES.get(name, name) + _version(version), None


def _version(conda: str) -> str:
    """`=1.2` is conda's prefix match, `=1.2=build` and a bare `1.2` are exact, anything else means the same to pip."""
    if not conda or conda[0] in "<>!~" or conda.startswith("=="):
        return conda
    number, _, build = conda.removeprefix("=").partition("=")
    fuzzy = conda.startswith("=") and not build and not number.endswith("*")
    return f"=={number}.*" if fuzzy else f"=={number}"


def _python_remark(wanted: str) -> str | None:
    number = wanted.strip("=<>!~").split(",")[0].removesuffix(".*")
    here = platform.python_version()
    if not number or f"{here}.".startswith(f"{number}."):
        return None
    return f"WARNING: the conda file asks for Python {wanted.lstrip('=')}; the environment has this machine's {here}."


def _refused(sentence: str) -> WorkloadFailed:
    return WorkloadFailed("ImageBuildFailure", sentence)
