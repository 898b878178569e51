"""Translates a conda file into requirements that pip and uv understand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

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

IMPLICIT = {"pip": "pip", "setuptools": "setuptools<81", "wheel": "wheel"}
"""What conda installs with every Python, so that packages count on it without saying so: gunicorn 20 and azureml-core
import `pkg_resources`, which setuptools 82 has no more. https://setuptools.pypa.io/en/latest/history.html"""

NUMPY_2 = {"scikit-learn": "1.4.2", "scipy": "1.13", "pandas": "2.2.2", "pyarrow": "16.0", "matplotlib": "3.8.4"}
"""The first releases that work with numpy 2. Conda's builds of earlier ones ask for numpy 1, their wheels do not.
https://github.com/numpy/numpy/issues/26191"""

_MATCH_SPEC = re.compile(r"(?:[^\s:]+::)?(?P<name>[A-Za-z0-9_.-]+)\s*(?P<version>[^\s\[\]|]*)(?:\s+[^\s|]+)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """Requirements in pip's syntax, conda's before pip's, remarks for the build log, and the Python asked for.

    `python` is a version specifier (PEP 440); "" leaves it open.
    """

    requirements: tuple[str, ...]
    remarks: tuple[str, ...]
    python: str = ""


def read_conda_file(text: str, added: Iterable[str] = ()) -> Packages:
    """The packages of a conda file in YAML or JSON, and those of `added` that it does not name.

    Raises WorkloadFailed (ImageBuildFailure) for a file that is not one or cannot be translated.
    """
    requirements: list[str] = []
    of_conda: list[str] = []
    remarks: list[str] = []
    python = ""
    for dependency in _dependencies(text):
        match dependency:
            case str() if (wanted := _python(dependency)) is not None:
                python = wanted
            case str():
                translated, remark = _translate(dependency)
                of_conda += [translated] if translated else []
                remarks += [remark] if remark else []
            case {"pip": list(lines)} if all(isinstance(line, str) for line in lines):
                requirements += lines
            case _:
                raise _refused(
                    f"The conda file has a dependency that is neither text nor a list under `pip:`: {dependency!r}."
                )
    requirements = [*of_conda, *requirements]
    named = _named(requirements)
    conda = [*_bounds(_named(of_conda), named), *(line for name, line in IMPLICIT.items() if name not in named)]
    image = [name for name in added if name not in named]
    remarks += [f"Added what conda would have installed: {', '.join(conda)}."] if conda else []
    remarks += [f"Added what is in Azure's image for MLflow models: {', '.join(image)}."] if image else []
    return Packages(requirements=(*requirements, *conda, *image), remarks=tuple(remarks), python=python)


def _named(requirements: Iterable[str]) -> dict[str, Requirement]:
    """The requirements that are one, without options, by their names."""
    found: dict[str, Requirement] = {}
    for line in requirements:
        with suppress(InvalidRequirement):
            requirement = Requirement(line.partition(" #")[0].strip())
            found[canonicalize_name(requirement.name)] = requirement
    return found


def _bounds(of_conda: Mapping[str, Requirement], named: Mapping[str, Requirement]) -> list[str]:
    """numpy 1 for conda's packages of its time, where the file leaves numpy open."""
    is_open = "numpy" not in named or not named["numpy"].specifier
    old = [name for name, first in NUMPY_2.items() if name in of_conda and _is_before(of_conda[name], Version(first))]
    return ["numpy<2"] if old and is_open else []


def _is_before(requirement: Requirement, first: Version) -> bool:
    """Whether a requirement is fixed to a release before `first`."""
    fixed = [item.version for item in requirement.specifier if item.operator == "=="]
    return bool(fixed) and Version(fixed[0].removesuffix(".*")) < first


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


def _python(dependency: str) -> str | None:
    """The version that a dependency on Python asks for, "" for any; None for a dependency on something else."""
    match = _MATCH_SPEC.fullmatch(dependency.strip())
    return _version(match["version"]) if match and match["name"].lower() == "python" else None


def _refused(sentence: str) -> WorkloadFailed:
    return WorkloadFailed("ImageBuildFailure", sentence)
