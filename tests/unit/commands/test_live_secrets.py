"""What is live and could be a secret is shown nowhere, although today's specs no longer mention it."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from deployer.core.resources import deployment_ref
from tests.unit.commands.conftest import Shop

CANARIES = {
    "one": "7",
    "short": "zq9",
    "words": "canary-bravo-780",
    "long": "C4nary" * 200,
    "lines": "first-C4nary\nsecond-C4nary\nthird",
    "quotes": 'it\'s "C4nary" \\ here',
    "url": "https://user:C4nary99@db.example/x?y=1&z=2",
    "json": '{"key": "C4nary-json-1"}',
    "template": "${{ C4nary-5 }} {{ x }}",
    "prefix": "C4nary-AAA1",
    "longer": "C4nary-AAA1-and-more-2",
    "connection": "Server=h;AccountKey=C4naryAlphaKey0123;x=1",
    "shape": "sk-C4nary0123456789abcdefghij",
    "blank": "C4nary 12 34",
}
COMMANDS = (
    *(("plan", "--format", shape) for shape in ("text", "markdown", "json")),
    *(("drift", "--format", shape) for shape in ("text", "markdown", "json")),
    ("plan", "--out", "plan.json"),
    ("status",),
    ("apply", "--yes"),
)


def is_live(shop: Shop, **variables: str) -> None:
    """Blue has these variables in the workspace, and none in the specs."""
    ref = deployment_ref("digits", "blue")
    state = shop.workspace.state
    there = state.resources[ref]
    fields = {**there.fields, "environment_variables": variables}
    shop.workspace.state = replace(state, resources={**state.resources, ref: replace(there, fields=fields)})


def specs_say(shop: Shop, **variables: str) -> None:
    spec = {**shop.deployment("digits", "blue"), "environment_variables": variables}
    shop.write("specs/digits/deployment-blue.yml", spec)


def written(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file() and "specs" not in path.parts]
    return "".join(path.read_text(errors="replace") for path in files)


def traces(canary: str) -> set[str]:
    """Everything of a secret that must not be seen, if it is long enough not to be anything else."""
    spelled = {canary, canary[:12], json.dumps(canary)[1:-1], quote(canary), base64.b64encode(canary.encode()).decode()}
    return {text for text in spelled if len(text) > 2}


@pytest.mark.parametrize("shape", CANARIES)
@pytest.mark.parametrize("change", ["removed", "changed", "replaced by a secret", "renamed"])
@pytest.mark.parametrize("name", ["DB", "API_TOKEN"])
def test_what_left_the_specs_is_not_shown(shape: str, change: str, name: str, deployed: Shop) -> None:
    canary = CANARIES[shape]
    is_live(deployed, **{name: canary})
    match change:
        case "changed":
            specs_say(deployed, **{name: "plain"})
        case "replaced by a secret":
            deployed.monkeypatch.setenv("NEW_SECRET", "brand-new-5ecret")
            specs_say(deployed, **{name: "{{ secret('NEW_SECRET') }}"})
        case "renamed":
            specs_say(deployed, OTHER="plain")
    for words in COMMANDS:
        said = deployed.run(*words, "--env", "dev")
        shown = said.out + said.err + written(deployed.folder)
        assert not [trace for trace in traces(canary) if trace in shown], (words, said)
        assert "brand-new" not in shown


def test_what_is_harmless_or_stands_in_the_specs_stays_readable(deployed: Shop) -> None:
    is_live(deployed, WORKERS="2", LEVEL="info", MODEL="gpt-4o-mini", HOST="https://example.com/path")
    specs_say(deployed, WORKERS="4", OTHER="gpt-4o-mini")
    shown = deployed.run("plan", "--env", "dev").out
    for text in ('"2" -> "4"', "info -> (not set)", "gpt-4o-mini -> (not set)", "https://example.com/path"):
        assert text in shown, shown


@pytest.mark.parametrize("shape", CANARIES)
def test_an_import_writes_no_secret_and_says_what_to_set(shape: str, deployed: Shop) -> None:
    canary = CANARIES[shape]
    is_live(deployed, DB=canary, LEVEL="info")
    for old in (deployed.folder / "specs/digits").iterdir():
        old.unlink()
    (deployed.folder / "specs/digits").rmdir()
    said = deployed.run("import", "digits", "--env", "dev")
    text = (deployed.folder / "specs/digits/deployment-blue.yml").read_text()
    if shape == "one":
        assert "DB: '7'" in text
        return
    assert not [trace for trace in traces(canary) if trace in text + said.out + said.err]
    assert "DB: {{ secret('DB') }}" in text
    assert "LEVEL: info" in text
    assert "  DB  (deployment digits/blue, environment_variables.DB)\n" in said.err
    deployed.monkeypatch.setenv("DB", canary)
    for spec in (deployed.folder / "specs/digits").glob("deployment-*"):  # the workspace in memory has no code assets
        spec.write_text(re.sub(r"code: sha256:\w+", "code: ../../code", spec.read_text()))
    plan = deployed.run("plan", "--env", "dev", "--endpoint", "digits", "--detailed-exitcode")
    assert plan.code == 0, plan
