"""Conda files as requirements."""

from __future__ import annotations

import json
import platform

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
    assert read_conda_file(json.dumps({"dependencies": [dependency]})).requirements == (requirement,)


def test_pip_lines_stay_as_they_are_and_in_order() -> None:
    text = "dependencies:\n- numpy\n- pip:\n  - --extra-index-url https://example.org/simple\n  - requests[socks]>=2\n"
    expected = ("numpy", "--extra-index-url https://example.org/simple", "requests[socks]>=2")
    assert read_conda_file(text).requirements == expected


def test_another_python_and_system_packages_are_remarks() -> None:
    packages = read_conda_file("dependencies: [python=2.7, cudatoolkit=11.3]")
    assert packages.requirements == ()
    assert packages.remarks[0] == (
        f"WARNING: the conda file asks for Python 2.7; the environment has this machine's {platform.python_version()}."
    )
    assert "cudatoolkit=11.3" in packages.remarks[1]


def test_the_python_of_this_machine_is_no_remark() -> None:
    major, minor, _ = platform.python_version_tuple()
    for wanted in ("python", f"python={major}.{minor}", f"python={major}.{minor}.*", f"python>={major}.{minor},<9"):
        assert read_conda_file(json.dumps({"dependencies": [wanted]})).remarks == ()


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
