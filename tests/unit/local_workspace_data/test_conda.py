"""Conda files as requirements."""

from __future__ import annotations

import json

import pytest

from deployer.local_workspace.ports import WorkloadFailed
from deployer.local_workspace.serving.conda import read_conda_file


@pytest.mark.parametrize(
    ("dependency", "requirement"),
    [
        ("numpy", "numpy"),
        ("numpy=1.26", "numpy==1.26.*"),
        ("numpy=1.26.*", "numpy==1.26.*"),
        ("numpy==1.26.4", "numpy==1.26.4"),
        ("numpy=1.26.4=py311_0", "numpy==1.26.4"),
        ("numpy 1.26.4", "numpy==1.26.4"),
        ("numpy>=1.26,<3", "numpy>=1.26,<3"),
        ("conda-forge::scikit-learn >=1.3", "scikit-learn>=1.3"),
        ("pytorch=2.1", "torch==2.1.*"),
        ("pip=24.0", "pip==24.0.*"),
    ],
)
def test_a_conda_dependency_becomes_a_requirement(dependency: str, requirement: str) -> None:
    assert read_conda_file(json.dumps({"dependencies": [dependency]})).requirements[0] == requirement


@pytest.mark.parametrize(
    ("dependencies", "added"),
    [
        ([], ["pip", "setuptools<81", "wheel"]),
        (["pip", "setuptools=59.8"], ["wheel"]),
        (["pip", {"pip": ["setuptools>=82", "wheel"]}], []),
        (["pip", "wheel", "setuptools", "scikit-learn=1.2.2"], ["numpy<2"]),
        (["pip", "wheel", "setuptools", "pandas=2.1", "numpy"], ["numpy<2"]),
        (["pip", "wheel", "setuptools", "scipy==1.12.0", {"pip": ["numpy==2.1"]}], []),
        (["pip", "wheel", "setuptools", "scikit-learn=1.5"], []),
        (["pip", "wheel", "setuptools", "scikit-learn>=1.2"], []),
        (["pip", "wheel", "setuptools", {"pip": ["scikit-learn==1.2.2"]}], []),
    ],
)
def test_what_conda_installs_without_being_asked_is_added(dependencies: list[object], added: list[str]) -> None:
    written = read_conda_file(json.dumps({"dependencies": dependencies}))
    bare = read_conda_file(json.dumps({"dependencies": [*dependencies, "a", "b"]}))
    assert list(written.requirements[len(written.requirements) - len(added) :]) == added
    assert len(bare.requirements) == len(written.requirements) + 2
    said = [remark for remark in written.remarks if remark.startswith("Added")]
    assert said == ([f"Added what conda would have installed: {', '.join(added)}."] if added else [])


def test_pip_lines_stay_as_they_are_and_in_order() -> None:
    text = "dependencies:\n- numpy\n- pip:\n  - --extra-index-url https://example.org/simple\n  - requests[socks]>=2\n"
    expected = ("numpy", "--extra-index-url https://example.org/simple", "requests[socks]>=2")
    assert read_conda_file(text).requirements[:3] == expected


def test_system_packages_are_remarks() -> None:
    packages = read_conda_file("dependencies: [python, pip, setuptools, wheel, cudatoolkit=11.3]")
    assert packages.requirements == ("pip", "setuptools", "wheel")
    assert "cudatoolkit=11.3" in packages.remarks[0]


@pytest.mark.parametrize(
    ("dependency", "specifier"),
    [
        ("python", ""),
        ("python=3.9", "==3.9.*"),
        ("python=3.9.*", "==3.9.*"),
        ("python=3.9.7", "==3.9.7.*"),
        ("python==3.9.7", "==3.9.7"),
        ("python 3.10.*", "==3.10.*"),
        ("python>=3.8,<3.11", ">=3.8,<3.11"),
        ("conda-forge::python=3.12", "==3.12.*"),
    ],
)
def test_the_python_is_no_requirement(dependency: str, specifier: str) -> None:
    packages = read_conda_file(json.dumps({"dependencies": [dependency, "numpy"]}))
    assert packages.python == specifier
    assert packages.requirements[0] == "numpy"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dependencies: [", "not valid YAML"),
        ("name: x", "no list `dependencies:`"),
        ("[]", "no list `dependencies:`"),
        ("dependencies: [3]", "neither text nor a list"),
        ("dependencies: [{pip: [1]}]", "neither text nor a list"),
        ("dependencies: ['numpy[version=1]']", "write it under `pip:`"),
        ("dependencies: ['numpy 1.8|1.9']", "write it under `pip:`"),
    ],
)
def test_what_cannot_be_read_fails_the_build_in_one_sentence(text: str, words: str) -> None:
    with pytest.raises(WorkloadFailed, match="conda") as failed:
        read_conda_file(text)
    assert failed.value.code == "ImageBuildFailure"
    assert words in failed.value.message
