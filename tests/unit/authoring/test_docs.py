"""What is made from the schemas is current, and every code has a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deployer.authoring import explain
from deployer.authoring.explain import pages, suggestion
from deployer.authoring.rules.table import RULES
from docs.make_fields import reference

ROOT = Path(__file__).parents[3]
SOURCES = [*(ROOT / "deployer/authoring").rglob("*.py"), *(ROOT / "schemas").glob("*.json")]
CODE = re.compile(r'(?:code=|"x-code": |failure\(\s*|ScopeError\(|_fault\(|return |MISPLACED = )"([a-z]+(?:-[a-z]+)+)"')


def test_the_field_reference_is_current() -> None:
    page = (ROOT / "docs/fields.md").read_text(encoding="utf-8")
    assert page == reference(), "write it again: .venv/bin/python docs/make_fields.py"


def test_every_code_in_the_sources_has_a_page_and_every_page_a_code() -> None:
    found = {code for path in SOURCES for code in CODE.findall(path.read_text(encoding="utf-8"))}
    found |= {rule.code for rule in RULES}
    assert found <= set(pages())


@pytest.mark.parametrize("code", sorted(pages()))
def test_a_page_says_something(code: str) -> None:
    page = explain(code)
    assert page is not None
    assert page.startswith(f"{code}\n\n")
    assert len(page.split()) >= 8


def test_fields_are_explained_too() -> None:
    page = explain("request_settings.request_timeout_ms") or ""
    assert "Request timeout in milliseconds" in page
    assert "Default: 5000" in page
    assert "A change is a rolling update in place" in page
    assert explain("no-such-thing") is None
    assert suggestion("trafic-sum") == "Did you mean `traffic-sum`?"


def test_the_deployment_in_the_readme_is_the_one_of_the_example() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"```yaml\n# specs/deployment-blue\.yml\n(.*?)```", readme, re.DOTALL)
    hint, _, written = (ROOT / "specs/deployment-blue.yml").read_text(encoding="utf-8").partition("\n")
    assert hint.startswith("# yaml-language-server:")
    assert shown is not None
    assert shown[1] == written
