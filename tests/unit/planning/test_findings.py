"""Every finding has a page."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from deployer.authoring.explain import FINDINGS, explain
from deployer.planning import (
    advice,
    autoscale_findings,
    deletions,
    local_env,
    revision_findings,
    rollout_findings,
    safety,
    tag_room,
    verdict_findings,
)


def codes() -> set[str]:
    """The codes that the checks can give, read off their source."""
    trees = [
        ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))
        for module in (
            advice,
            autoscale_findings,
            deletions,
            local_env,
            revision_findings,
            rollout_findings,
            safety,
            tag_room,
            verdict_findings,
        )
    ]
    keywords = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.keyword)]
    return {str(node.value.value) for node in keywords if node.arg == "code" and isinstance(node.value, ast.Constant)}


@pytest.mark.parametrize("code", sorted(codes()))
def test_every_finding_is_explained(code: str) -> None:
    page = explain(code)
    assert page is not None
    assert page.startswith(code)


def test_pages_of_findings_are_about_findings_that_exist() -> None:
    text = FINDINGS.read_text(encoding="utf-8")
    pages = {line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")}
    assert pages == codes()
