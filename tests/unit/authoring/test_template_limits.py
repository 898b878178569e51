"""Templates that never end, or eat all memory, are refused with a place, however they do it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deployer.authoring.text.render import render
from deployer.authoring.text.scope import Scope
from deployer.authoring.text.templates import Templates
from deployer.core.errors import SpecError

NS = "{% set ns = namespace(x=['x'], y=['x']) %}"
DOUBLING = NS + "{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}"
NUMBERS = "{% set a = range(200000) | list %}{% for i in range(200000) %}"
TEXT = "{% set a = 'ab ' * 300000 %}{% for i in range(200000) %}"
BIG = "{% set a = ('f' * 400000) | int(0, 16) %}"
BOMBS = {
    "doubled and printed": DOUBLING + "{{ ns.x }}",
    "doubled and tojson": DOUBLING + "{{ ns.x | tojson | length }}",
    "doubled and compared": DOUBLING + "{{ ns.x == ns.y }}",
    "sums of lists": "{% set a = [0] * 900000 %}{{ ([a] * 900000) | sum(start=[]) | length }}",
    "lists of lists": "{% set a = [0] * 1000 %}{% set b = [a] * 1000 %}{% set c = [b] * 1000 %}{{ [c] * 1000 }}",
    "escaped again": "{% for i in range(200000) %}{% set a = ('&' * 900000) | e %}{% endfor %}",
    "sorted again": TEXT + "{% set z = a | sort %}{% endfor %}",
    "upper again": TEXT + "{% set z = a.upper() %}{% endfor %}",
    "divided": BIG + "{{ a // (a // 3 + 1) }}{% for i in range(9999) %}{{ a // (i + 3) > 1 }}{% endfor %}",
    "multiplied": BIG + "{{ a * a }}",
    "unique": NUMBERS + "{% set b = a | unique | list %}{% endfor %}",
    "mapped": NUMBERS + "{{ a | map('string') | list | length }}{% endfor %}",
    "in": NUMBERS + "{% if 'x' in a %}{% endif %}{% endfor %}",
    "maximum": NUMBERS + "{% set z = a | max %}{% endfor %}",
    "calls": "{% macro m(n) %}{% for i in range(200) %}{{ m(n) if n else '' }}{% endfor %}{% endmacro %}{{ m(1) }}",
    "split": TEXT + "{% set z = a.split() %}{% endfor %}",
    "counted": TEXT + "{% set z = a.count('ba') %}{% endfor %}",
    "words": TEXT + "{% set z = a | wordcount %}{% endfor %}",
    "replaced": TEXT + "{% set z = a | replace('zz', '') %}{% endfor %}",
    "kept": NS + "{% for i in range(200000) %}{% set ns.x = ns.x + [('ab' * 300000).upper()] %}{% endfor %}",
    "variable": "{{ big }}" * 300,
}


@pytest.fixture
def templates(tmp_path: Path) -> Templates:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/_loop.yml").write_text(BOMBS["sorted again"])
    scope = Scope(variables={"big": "x" * 4000, "vm": "Standard_DS3_v2"})
    return Templates(project=tmp_path, root="specs", scope=scope)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_with_a_place(bomb: str, templates: Templates) -> None:
    source = f"name: blue\n\nx: y\ntags: {BOMBS[bomb]}\n"
    with pytest.raises(SpecError) as caught:
        render(source, "specs/d.yml", templates)
    (said,) = caught.value.diagnostics
    assert said.code == "template-limit"
    assert (said.location.file, said.location.line) == ("specs/d.yml", 4)
    assert said.location.column > 6
    assert "refused" in said.summary or "too deeply" in said.summary
    assert render("a: {{ vm | lower }}", "specs/e.yml", templates).text == "a: standard_ds3_v2"


def test_a_bomb_in_an_included_file_is_one_too(templates: Templates) -> None:
    with pytest.raises(SpecError) as caught:
        render("a: 1\n{% include '_loop.yml' %}\n", "specs/d.yml", templates)
    assert caught.value.diagnostics[0].code == "template-limit"


def test_what_was_rendered_before_a_bomb_keeps_its_places(templates: Templates) -> None:
    rendered = render("{% if true %}\na: {{ vm | lower }}\n{% endif %}\n", "specs/e.yml", templates)
    with pytest.raises(SpecError):
        render(BOMBS["sorted again"], "specs/d.yml", templates)
    assert str(rendered.locate(2, 4)) == "specs/e.yml:2:4"


def test_no_process_is_left(templates: Templates) -> None:
    render("a: {{ vm | lower }}", "specs/e.yml", templates)
    (process,) = templates.processes
    templates.close()
    assert not process.close.alive
    assert templates.processes == []
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_processes_of_several_runs_end_in_any_order(tmp_path: Path) -> None:
    runs = [Templates(project=tmp_path, root="specs", scope=Scope()) for _ in range(3)]
    for run in runs:
        render("a: {{ 'X' | lower }}", "specs/e.yml", run)
    for run in runs:
        run.close()
    assert all(render("a: {{ 'X' | lower }}", "specs/e.yml", run).text == "a: x" for run in runs)
