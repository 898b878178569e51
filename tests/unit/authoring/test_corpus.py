"""Real users' files: what Azure's loader accepts is accepted, and the rest is told what to do."""

from __future__ import annotations

from typing import Any

import pytest

from deployer.authoring import validate_paths
from deployer.core.diagnostics import Diagnostic, Severity
from tests.unit.authoring.samples import CORPUS, corpus, corpus_file, overrides_for

pytestmark = pytest.mark.skipif(not corpus(), reason="set DEPLOYER_CORPUS to a folder with index.json")


def errors(entry: dict[str, Any], *overrides: str, files: bool = False) -> list[Diagnostic]:
    found = validate_paths([corpus_file(entry)], project=CORPUS, env=None, overrides=overrides, files=files).diagnostics
    return [item for item in found if item.severity is Severity.ERROR]


def is_named_beside(entry: dict[str, Any]) -> bool:
    """Whether a file without `endpoint_name` stands beside just one endpoint, whose name it takes here."""
    folder = corpus_file(entry).parent
    beside = [other for other in corpus() if corpus_file(other).parent == folder]
    endpoints = [other for other in beside if str(other["kind"]).endswith("endpoint")]
    return "endpoint_name missing" in str(entry["sdk_loader"]) and len(endpoints) == 1


@pytest.mark.parametrize("entry", corpus(), ids=lambda entry: entry["path"].rpartition("online/")[2])
def test_the_verdict_is_that_of_the_sdk(entry: dict[str, Any]) -> None:
    verdict = str(entry["sdk_loader"])
    accepted_alone, accepted_filled_in = verdict == "accept" or is_named_beside(entry), verdict.endswith("accept")
    assert (errors(entry) == []) == accepted_alone
    about_files = "local path" in verdict or "triton-cc" in str(entry["path"])
    assert (errors(entry, *overrides_for(entry), files=about_files) == []) == accepted_filled_in


@pytest.mark.parametrize("entry", corpus(), ids=lambda entry: entry["path"].rpartition("online/")[2])
def test_every_refusal_names_a_place_and_a_way_out(entry: dict[str, Any]) -> None:
    lines = corpus_file(entry).read_text(encoding="utf-8").split("\n")
    for item in errors(entry):
        assert item.detail
        assert item.location.column <= len(lines[item.location.line - 1]) + 1
