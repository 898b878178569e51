"""Secrets in specs: values arrive unchanged whatever they are, and no template can decide by one or change it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployer.authoring.documents.document import Document
from deployer.authoring.documents.read_spec import read_spec
from deployer.authoring.documents.secret_fields import opened
from deployer.authoring.plain_yaml import masked_diagnostics, plain_yaml
from deployer.authoring.text.scope import Scope
from deployer.authoring.text.secrets import Mark, MarkUsed, UnknownMark, Vault
from deployer.authoring.text.templates import Templates
from deployer.core.diagnostics import Diagnostic, Location, Severity
from deployer.core.errors import SpecError
from deployer.core.fields import is_free_text
from deployer.core.secret_marks import FIRST, LAST, RESERVED, has_marks

ANY = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1)
SPECIAL = ["a #b", 'say "x"', "it's", "a\nb\n  c", "{{ x }}", "{% if %}", "*a", "@x", "!t", "- x", "k: v", "%", "null"]
SPECIAL += ["007", "1e3", "\\", "\\n", " x ", "${{a}}", "\u2028", "\x85", "\t", "|", ">", "'", "#"]
NASTY = (ANY | st.sampled_from(SPECIAL)).filter(lambda text: not RESERVED.search(text))
FEW = settings(deadline=None, max_examples=30)
"""Most examples start a process to render in."""
HEAD = "name: blue\nendpoint_name: e-p\ninstance_type: x\nenvironment_variables:\n"
WAYS: dict[str, str] = {
    "plain": "  A: {{ secret('S') }}\n",
    "double": "  A: \"{{ secret('S') }}\"\n",
    "single": "  A: '{{ secret(\"S\") }}'\n",
    "block": "  A: |-\n    {{ secret('S') }}\n",
    "folded": "  A: >-\n    {{ secret('S') }}\n",
    "commented": "  A: {{ secret('S') }} # said\n",
    "json": "  A: {{ secret('S') | tojson }}\n",
    "flow": "  {A: {{ secret('S') }} }\n",
    "joined": "  A: {{ secret('S') ~ '' }}\n",
    "added": "  A: {{ '' + secret('S') + '' }}\n",
    "set": "{% set s = secret('S') %}\n  A: {{ s }}\n",
    "block set": "{% set s %}{{ secret('S') }}{% endset %}\n  A: {{ s }}\n",
    "macro": "{% macro m(x) %}{{ x }}{% endmacro %}\n  A: {{ m(secret('S')) }}\n",
    "variable": "  A: {{ mine }}\n",
    "inside": "  A: {{ inner.deep[0] }}\n",
    "map": "  {{ {'A': secret('S')} | tojson }}\n",
    "loop": "{% for x in [secret('S')] %}\n  A: {{ x }}\n{% endfor %}\n",
    "default": "  A: {{ secret('S') | default('x') }}\n",
    "alias": "  B: &b {{ secret('S') }}\n  A: *b\n",
    "soft": "  A: {{ env_var('S_TOKEN') }}\n",
}


def read(template: str, folder: Path, **environ: str) -> tuple[Document, list[Diagnostic], Vault]:
    scope = Scope(environ=environ)
    mine = scope.secret("S") if "S" in environ else ""
    variables = {"mine": mine, "inner": {"deep": [mine]}, "vm": "Standard_DS3_v2"}
    scope = Scope(environ=environ, variables=variables, vault=scope.vault)
    templates = Templates(project=folder, root="specs", scope=scope)
    spec = read_spec(folder / "d.yml", "d.yml", template, templates)
    return spec.document, list(spec.diagnostics), scope.vault


def variables(document: Document, vault: Vault) -> Any:
    return opened(document, vault).data["environment_variables"]


@pytest.mark.parametrize("way", WAYS)
@FEW
@given(value=NASTY)
def test_a_value_arrives_unchanged(way: str, value: str) -> None:
    document, found, vault = read(HEAD + WAYS[way], Path("/nowhere"), S=value, S_TOKEN=value + "-long-enough")
    assert not found
    assert variables(document, vault)["A"] == (value + "-long-enough" if way == "soft" else value)
    assert value not in repr((vault, document.data["environment_variables"]["A"])) or len(value) < 4


@FEW
@given(value=NASTY, before=st.sampled_from(["", "a", "https://u:"]), after=st.sampled_from(["", "b", "@h/x?y=z"]))
def test_it_may_stand_inside_a_text(value: str, before: str, after: str) -> None:
    text = f"{HEAD}  A: x{before}{{{{ secret('S') }}}}{after}x\n"
    document, _, vault = read(text, Path("/nowhere"), S=value)
    assert variables(document, vault)["A"] == f"x{before}{value}{after}x"


@pytest.mark.parametrize(
    "text",
    [
        '  A: \'{"k": {{ secret("S") | tojson }}}\'\n',
        "  A: |\n    {\"k\": {{ secret('S') | tojson }}}\n",
        '  A: \'{{ {"k": secret("S")} | tojson }}\'\n',
        "{% set t %}{{ {'k': secret('S')} | tojson }}{% endset %}\n  A: {{ t | tojson }}\n",
    ],
)
@FEW
@given(value=NASTY)
def test_inside_a_text_of_json_it_is_escaped(text: str, value: str) -> None:
    document, _, vault = read(HEAD + text, Path("/nowhere"), S=value)
    assert json.loads(variables(document, vault)["A"]) == {"k": value}


@FEW
@given(value=NASTY)
def test_base64_of_it_is_one_too(value: str) -> None:
    text = "  A: {{ ('u:' ~ secret('S')) | b64encode }}\n  B: Basic {{ 'x' | b64encode }}\n"
    document, _, vault = read(HEAD + text, Path("/nowhere"), S=value)
    assert base64.b64decode(variables(document, vault)["A"]).decode() == f"u:{value}"
    assert variables(document, vault)["B"] == "Basic eA=="
    assert has_marks(document.data["environment_variables"]["A"])


USES = """secret('S') == 'x'; 'x' == secret('S'); secret('S') != 'x'; secret('S') < 'x'; secret('S') in ['a']
'a' in secret('S'); secret('S') | length; secret('S') | upper; secret('S') | lower; secret('S') | trim
secret('S') | first; secret('S') | last; secret('S') | list; secret('S') | string; secret('S') | int
secret('S') | float; secret('S') | replace('a', 'b'); 'abc' | replace('b', secret('S')); secret('S') | urlencode
{'a': secret('S')} | urlencode; secret('S') | e; secret('S') | title; secret('S') | wordcount; secret('S') | indent(2)
secret('S') | format; '%s' | format(secret('S')); '%s' % secret('S'); '%s' % [secret('S')]; secret('S') % 3
[secret('S')] | join(','); secret('S') | join(','); 'a' | join(secret('S')); secret('S')[0]; secret('S')[1:]
secret('S').upper(); secret('S').text; secret('S').__class__; 'a'.startswith(secret('S')); 'a'.split(secret('S'))
secret('S') * 2; 2 * secret('S'); secret('S') - 1; -secret('S'); secret('S') / 2; secret('S') + 1; 1 + secret('S')
secret('S') is string; secret('S') is sameas('x'); secret('S') is eq('x'); secret('S') is in(['x'])
secret('S') is mapping; secret('S') and 'x'; secret('S') or 'x'; not secret('S'); 'a' if secret('S') else 'b'
[secret('S')]; {'a': secret('S')}; [[secret('S')]]; [secret('S'), 'a'] | sort; [secret('S'), 'a'] | unique | list
[secret('S'), 'a'] | max; [secret('S')] | map('upper') | list; [secret('S')] | select | list
[secret('S')] | string; secret('S') | default('x', true); {secret('S'): 1}; range(secret('S')) | list
[secret('S')] | groupby(0) | list; secret('S') | abs; secret('S') | round; secret('S') | capitalize
secret('S') | reverse | list; secret('S') | dictsort; secret('S') | items | list; secret('S') | sum; mine | upper
inner | string; inner.deep; env_var('S_TOKEN') == 'x'; env_var('S_TOKEN') | upper; (secret('S') ~ 'a') | upper
(secret('S') | tojson) | length; (secret('S') | b64encode) | length; secret('S') | escape; secret('S') | d('a', true)"""


@pytest.mark.parametrize("use", [use.strip() for line in USES.split("\n") for use in line.split(";")])
def test_no_template_asks_for_a_value(use: str) -> None:
    for text in (f"  A: {{{{ {use} }}}}\n", f"{{% set x = {use} %}}\n  A: {{{{ x }}}}\n"):
        with pytest.raises(SpecError) as caught:
            read(HEAD + text, Path("/nowhere"), S="hunter2-hunter2", S_TOKEN="hunter3-hunter3")
        (said,) = caught.value.diagnostics
        assert (said.code, said.location.line) in (("secret-opaque", 5), ("secret-opaque", 6))
        assert "tojson" in said.detail
        assert "hunter" not in str(said) + said.detail


@pytest.mark.parametrize("test", ["defined", "not undefined", "not none"])
def test_whether_there_is_a_secret_may_be_asked(test: str) -> None:
    text = f"  A: {{% if secret('S') is {test} %}}yes{{% endif %}}\n"
    document, _, vault = read(HEAD + text, Path("/nowhere"), S="hunter2")
    assert variables(document, vault) == {"A": "yes"}


@pytest.mark.parametrize(
    "text",
    [
        f"  A: {FIRST}x{LAST}\n",
        f"  A: '{FIRST} {{{{ vm }}}}'\n",
        '  A: "\\U000FE110\\U000FE100\\U000FE111"\n',
        "  A: {{ '\\U000fe110\\U000fe101\\U000fe111' }}\n",
        "  A: {{ env_var('FORGED') }}\n",
    ],
)
def test_marks_cannot_be_written(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(HEAD + text, Path("/nowhere"), FORGED=FIRST + "\U000fe100" * 20 + LAST)
    assert "U+FE100" in caught.value.diagnostics[0].summary


def test_the_marks_of_another_run_open_nothing() -> None:
    mark = Scope(environ={"S": "x"}).secret("S")
    vault = Scope(environ={"S": "x"}).vault
    with pytest.raises(UnknownMark):
        vault.opened(str(mark))


def test_a_mark_shows_nothing_of_its_value() -> None:
    scope = Scope(environ={"S": "hunter2"})
    mark = scope.secret("S")
    assert "hunter2" not in f"{mark}{scope}{scope.vault}{list(scope.vault.entries.values())}"
    with pytest.raises(MarkUsed):
        repr(mark)
    assert isinstance(mark, Mark)


def test_messages_and_plain_yaml_mask_what_is_left_of_a_mark() -> None:
    document, _, vault = read(HEAD + "  A: x{{ secret('S') }}y\n", Path("/nowhere"), S="hunter2")
    assert "A: x(sensitive)y" in plain_yaml(document, frozenset())
    text = document.data["environment_variables"]["A"]
    (said,) = masked_diagnostics([_diagnostic(text[:5])], frozenset())
    assert said.summary == "x(sensitive)"
    assert not has_marks(said.summary)
    assert vault.opened(text) == "xhunter2y"


def _diagnostic(summary: str) -> Diagnostic:
    return Diagnostic(severity=Severity.ERROR, code="x", summary=summary, location=Location(file="f"))


@pytest.mark.parametrize(
    ("schema", "path", "free"),
    [
        ("deployment", ("environment_variables", "A"), True),
        ("deployment", ("description",), True),
        ("deployment", ("model", "tags", "a"), True),
        ("deployment", ("environment", "description"), True),
        ("deployment", ("x-smoke-test", "json", "a", 0), True),
        ("deployment", ("x-anchors", "a", "b"), True),
        ("deployment", ("name",), False),
        ("deployment", ("environment", "conda_file", "dependencies", 0), False),
        ("deployment", ("model", "path"), False),
        ("deployment", ("unknown",), False),
        ("endpoint", ("properties", "a"), True),
        ("endpoint", ("identity", "user_assigned_identities", 0, "resource_id"), False),
        ("model", ("version",), False),
        ("env", ("variables", "a", "b", 0), True),
        ("env", ("workspace", "name"), False),
    ],
)
def test_secrets_belong_where_a_field_takes_free_text(schema: str, path: tuple[str | int, ...], free: bool) -> None:
    assert is_free_text(schema, path) == free
