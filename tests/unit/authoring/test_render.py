"""Templates: what they may do, what they may not, and where their text comes from."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deployer.authoring.text.jinja import Fenced, render_jinja
from deployer.authoring.text.render import Rendered, render
from deployer.authoring.text.scope import Scope
from deployer.authoring.text.templates import Templates, guarded, unguarded
from deployer.core.errors import SpecError

VARIABLES = {"vm": "Standard_DS3_v2", "env": "dev", "names": ["a", "b"], "deep": {"er": 5, "items": 1}, "none": None}
MACROS = "{% macro probe(n) %}\nperiod: {{ n }}\n\ntimeout: 3\n{% endmacro %}\n"


@pytest.fixture
def templates(tmp_path: Path) -> Templates:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/_m.j2").write_text(MACROS)
    (tmp_path / "specs/_part.yml").write_text("x: 1\ny: {{ vm }} z\n")
    (tmp_path / "outside.yml").write_text("x: secret\n")
    (tmp_path / "specs/link.yml").symlink_to(tmp_path / "outside.yml")
    scope = Scope(variables=VARIABLES, environ={"SET": "1", "API_TOKEN": "abcdef1234"})
    return Templates(project=tmp_path, root="specs", scope=scope)


def place(rendered: Rendered, text: str) -> str:
    """Where the first occurrence of a text comes from."""
    before = rendered.text[: rendered.text.index(text)]
    return str(rendered.locate(before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1))


def test_text_without_templates_is_left_alone(templates: Templates) -> None:
    rendered = render("a: }} $ {x} %}\n", "specs/e.yml", templates)
    assert rendered.text == "a: }} $ {x} %}\n"
    assert place(rendered, "x") == "specs/e.yml:1:10"


def test_azures_own_braces_pass_through(templates: Templates) -> None:
    source = "a: ${{keyvault:https://{{ vm }}}}\nb: ${{ x }} {{ vm | lower }}\n"
    rendered = render(source, "specs/e.yml", templates)
    assert rendered.text == "a: ${{keyvault:https://Standard_DS3_v2}}\nb: ${{ x }} standard_ds3_v2\n"
    assert place(rendered, "standard") == "specs/e.yml:2:13"


def test_plain_placeholders_need_no_jinja(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from deployer.authoring.text.render import render;"
        "from deployer.authoring.text.templates import Templates; from deployer.authoring.text.scope import Scope;"
        "t = Templates(project=Path('.'), root='specs', scope=Scope(variables={'a': 1}, environ={'X': 'y'}));"
        "assert render('{{ a }} {{ env_var(\"X\") }}', 'f', t).text == '1 y';"
        "sys.exit('jinja2' in sys.modules)"
    )
    root = Path(__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


@pytest.mark.parametrize(
    "source",
    [
        "{{ vm }}", "a{{vm}}b\n\n{{ deep.er }}\n", "{{ none }}", "{{ names }}", "{{ deep }}", "{{ deep.items }}",
        "{{ env_var('SET') }}{{ env_var(\"NOT\", 'd') }}", "{{ secret('API_TOKEN') }}", "{{ true }}{{ vm }}",
        "{{ vm }}{{ none.x }}", "{{ 'vm' }}", "{{vm}}\n{{ vm -}} \n x", "{{ range }}", "{{ loop }}",
        "{{{ vm }}", "{{ vm }}}",
    ],
)  # fmt: skip
def test_placeholders_are_filled_in_as_jinja_does_it(source: str, templates: Templates) -> None:
    assert outcome(lambda: render(source, "f", templates).text) == outcome(lambda: _by_jinja(source, templates))


def outcome(way: Callable[[], str]) -> list[str]:
    try:
        return [way()]
    except SpecError as error:
        return [str(item) for item in error.diagnostics]


def _by_jinja(source: str, templates: Templates) -> str:
    templates.add("f", source)
    return unguarded(render_jinja(guarded(source), "f", Fenced(templates)))


@pytest.mark.parametrize(
    ("source", "text", "origin"),
    [
        ("name: {{ vm }}\nlast: here\n", "here", "specs/e.yml:2:7"),
        ("a: {{ vm }} b {{ env }} c\n", "c\n", "specs/e.yml:1:25"),
        ("{% for n in names %}\n  {{ n }}: one\n{% endfor %}\nend: x\n", "b: one", "specs/e.yml:2:3"),
        ("{% for n in names %}\n  {{ n }}: one\n{% endfor %}\nend: x\n", "end", "specs/e.yml:4:1"),
        ("{% for n in names -%}\n  {{ n }}: one\n{% endfor %}", "one", "specs/e.yml:2:12"),
        ("{% if true %}\n{# a\n comment #}\nk: v\n{% endif %}", "v", "specs/e.yml:4:4"),
        ("{% include '_part.yml' %}\nafter: x\n", "z", "specs/_part.yml:2:13"),
        ("{% include '_part.yml' %}\nafter: x\n", "after", "specs/e.yml:2:1"),
        ("{% from '_m.j2' import probe %}\np:\n  {{ probe(7) | indent(2) }}\nq: 1\n", "timeout", "specs/_m.j2:4:1"),
        ("{% from '_m.j2' import probe %}\np:\n  {{ probe(7) | indent(2) }}\nq: 1\n", "7", "specs/_m.j2:2:9"),
        ("{% from '_m.j2' import probe %}\np:\n  {{ probe(7) | indent(2) }}\nq: 1\n", "q: 1", "specs/e.yml:4:1"),
        ("{% raw %}a: {{ x }}\nb: {{ y }}{% endraw %}\nc: 1\n", "b:", "specs/e.yml:2:1"),
        ("{% raw %}a: {{ x }}\nb: {{ y }}{% endraw %}\nc: 1\n", "{{ x", "specs/e.yml:1:13"),
        ("{% set t %}one\n  two{% endset %}{{ t }}\n", "two", "specs/e.yml:2:3"),
        ("{% filter upper %}\nabc\n  def\n{% endfilter %}", "DEF", "specs/e.yml:3:3"),
        (
            "{% macro m() %}[{{ caller() }}]{% endmacro %}\n{% call m() %}\ninner\n{% endcall %}",
            "inner",
            "specs/e.yml:3:1",
        ),
        ("{{ vm\n | lower }} x\ny\n", "x\n", "specs/e.yml:2:13"),
        ("{{ 'a\nb\nc' }}\nd: 1\n", "d", "specs/e.yml:4:1"),
        ("{{ 'a\nb\nc' }}\nd: 1\n", "b\n", "specs/e.yml:1:1"),
    ],
)
def test_every_piece_of_text_is_traced_to_its_template(
    source: str, text: str, origin: str, templates: Templates
) -> None:
    assert place(render(source, "specs/e.yml", templates), text) == origin


def test_a_map_that_marks_would_change_is_not_trusted(templates: Templates) -> None:
    rendered = render("{% set t %}abc{% endset %}\nn: {{ t | length }}\n", "specs/e.yml", templates)
    assert rendered.text == "\nn: 3\n"
    assert rendered.locate(2, 1) is None
    assert rendered.line(2) == "n: 3"


@pytest.mark.parametrize(
    "source",
    [
        "{{ 9**9999999 }}", "{{ 'a' * 10**9 }}", "{{ [1] * 10**9 }}",
        "{% for i in range(1000000) %}x{% endfor %}", "{% for i in range(10**30) %}x{% endfor %}",
        "{% set r = range(100000) | list %}{% for a in r %}{% for b in r %}{% endfor %}{% endfor %}",
        "{% set ns = namespace(x='aaaaaaaaaa') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{% set ns = namespace(x='aaaaaaaaaa') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns=namespace(x='ab') %}{% for i in range(99) %}{% set ns.x %}{{ns.x}}{{ns.x}}{% endset %}{% endfor %}",
        "{% set ns=namespace(x='a') %}{% for i in range(99) %}{% set ns.x=ns.x|replace('a', 'aaaa') %}{% endfor %}",
        "{% set ns = namespace(x=['a']) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{% include 'e.yml' %}", "{% extends 'e.yml' %}",
        "{{ '%999999999d' | format(1) }}", "{{ '%999999999d' % 1 }}", "{{ '%*d' % (999999999, 1) }}",
        "{{ ['a'] | join('x' * 1000000) }}{{ range(9) | join('x' * 1000000) }}",
        "{{" + "(" * 20_000, "{{ " + "[" * 500 + "]" * 500 + " }}", "{% if 1 %}" * 1000 + "{% endif %}" * 1000,
        "{{ 'a' | indent(10**9) | indent('x' * 2000000) }}\n",
    ],
)  # fmt: skip
def test_templates_that_would_grow_without_end_are_refused(source: str, templates: Templates) -> None:
    (templates.project / "specs/e.yml").write_text(source)
    with pytest.raises(SpecError) as caught:
        render(source, "specs/e.yml", templates)
    assert caught.value.diagnostics[0].code in ("template-limit", "template-syntax")


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}", "{{ vm.__init__.__globals__ }}", "{{ env_var.__globals__ }}",
            "{{ names.append(1) }}",
        "{{ '{0.__class__}'.format(1) }}", "{{ (1).to_bytes(9, 'big') }}", "{{ deep.update({'a': 1}) }}",
            "{{ self.__dict__ }}",
        "{{ names | attr('append') }}", "{{ lipsum }}", "{{ cycler }}", "{{ 'a' | center(1000000000) }}",
        "{{ range.__self__ }}", "{{ namespace().__class__ }}", "{{ vm.encode() }}", "{{ vm.translate({}) }}",
    ],
)  # fmt: skip
def test_templates_cannot_reach_out_of_the_sandbox(source: str, templates: Templates) -> None:
    with pytest.raises(SpecError) as caught:
        render(source, "specs/e.yml", templates)
    assert caught.value.diagnostics[0].code in ("template-error", "template-undefined", "template-syntax")


@pytest.mark.parametrize("name", ["../outside.yml", "/etc/hosts", "link.yml", "_m.j2/../../outside.yml", "_prat.yml"])
def test_files_outside_the_specs_folder_are_not_there(name: str, templates: Templates) -> None:
    with pytest.raises(SpecError) as caught:
        render(f"{{% include '{name}' %}}", "specs/e.yml", templates)
    assert caught.value.diagnostics[0].code == "template-include"


def test_the_most_similar_names_are_suggested(templates: Templates) -> None:
    with pytest.raises(SpecError) as caught:
        render("{{ nmaes }} {{ vmm }}\n{% include '_m.j' %}", "specs/e.yml", templates)
    assert [item.detail for item in caught.value.diagnostics] == ["Did you mean `names`?", "Did you mean `vm`?"]


def test_every_missing_environment_variable_is_named_in_every_file(templates: Templates) -> None:
    for file in ("specs/e.yml", "specs/f.yml"):
        with pytest.raises(SpecError) as caught:
            render("{{ env_var('A') }}\n{{ nope }}\n{{ secret('B') }}", file, templates)
        found = [(item.code, item.location.line) for item in caught.value.diagnostics]
        assert found == [("env-variable", 1), ("template-undefined", 2), ("secret-missing", 3)]


def test_secrets_are_remembered_by_value(templates: Templates) -> None:
    render("{{ env_var('API_TOKEN') }} {{ env_var('SET') }}", "specs/e.yml", templates)
    assert templates.scope.vault.secrets == {"abcdef1234"}


PRINTS_AN_OBJECT = [
    "{{ env_var }}",
    "{{ secret }}",
    "{{ env_var | string }}",
    "{{ '%s' | format(env_var) }}",
    "{{ '%s' % env_var }}",
    "{{ none | default(env_var) }}",
    "{{ x | default(env_var) }}",
    "{{ [env_var] | sort }}",
    "{{ [env_var] }}",
    "{{ {'a': env_var} }}",
    "{{ env_var ~ '' }}",
    "{{ [env_var] | join(',') }}",
    "{{ env_var | tojson }}",
    "{{ env_var | upper }}",
    "{{ env_var | replace('a', 'b') }}",
    "{{ env_var | list }}",
    "{{ env_var | urlencode }}",
    "{% set f = env_var %}{{ f }}",
    "{% set f = env_var %}{{ f('SET') }}",
    "{{ (env_var if vm else 1) }}",
    "{{ range }}",
    "{{ namespace }}",
    "{{ namespace(a=1) }}",
    "{{ self }}",
    "{{ deep.keys }}",
    "{{ deep.get }}",
    "{{ [deep.get] }}",
    "{% macro m() %}a{% endmacro %}{{ m }}",
    "{% for n in names %}{{ loop }}{% endfor %}",
    "{{ ('%s' | format(env_var))[150:400] }}",
]


@pytest.mark.parametrize("source", PRINTS_AN_OBJECT)
def test_only_plain_data_is_ever_printed(source: str, templates: Templates) -> None:
    with pytest.raises(SpecError) as caught:
        render(f"a: 1\nb: {source}\n", "specs/e.yml", templates)
    (problem, *_) = caught.value.diagnostics
    assert problem.location.line == 2, problem
    assert problem.code == "template-error", problem
    assert "abcdef1234" not in str(caught.value.diagnostics)
    assert "API_TOKEN" not in str(caught.value.diagnostics)


def test_a_forgotten_call_is_named_with_the_call(templates: Templates) -> None:
    with pytest.raises(SpecError) as caught:
        render("b: {{ env_var }}\n", "specs/e.yml", templates)
    (problem,) = caught.value.diagnostics
    assert (problem.summary, problem.detail) == ("`env_var` is a function", "Call it: env_var('NAME').")
    assert str(problem.location) == "specs/e.yml:1:7"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ names }}", "['a', 'b']"),
        ("{{ names | map('upper') | list }}", "['A', 'B']"),
        ("{{ {'a': [1, 2.5, none, true]} }}", "{'a': [1, 2.5, None, True]}"),
        ("{{ env_var('SET') ~ deep.er }}", "15"),
        ("{{ deep.get('er') }}", "5"),
    ],
)
def test_plain_data_is_printed_as_before(source: str, text: str, templates: Templates) -> None:
    assert render(source, "specs/e.yml", templates).text == text


def test_what_knows_the_environment_does_not_show_it() -> None:
    scope = Scope(environ={"API_TOKEN": "abcdef1234"})
    scope.secret("API_TOKEN")
    assert scope.vault.secrets == {"abcdef1234"}
    assert "abcdef1234" not in repr(scope)


@pytest.mark.parametrize(
    "source",
    [
        "{% set ns=namespace(x=['x']) %}{% for i in range(60) %}{% set ns.x=[ns.x,ns.x] %}{% endfor %}{{ ns.x }}",
        "{% set n=namespace(x=['x']) %}{% for i in range(60) %}{% set n.x=[n.x,n.x] %}{% endfor %}{{ n.x | tojson }}",
        "{% set a=[0]*1000 %}{% set b=[a]*1000 %}{% set c=[b]*1000 %}{% set d=[c]*1000 %}{{ d }}",
    ],
)
def test_a_value_that_grows_by_sharing_is_refused(source: str, templates: Templates) -> None:
    with pytest.raises(SpecError) as caught:
        render(source, "specs/e.yml", templates)
    assert caught.value.diagnostics[0].code == "template-limit"
