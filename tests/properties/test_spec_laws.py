"""Laws of reading specs: nothing ends in a traceback, and how a text is read never depends on how it came about."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import jsonschema
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from deployer.authoring import validate_project
from deployer.authoring.canonical import canonical
from deployer.authoring.documents.check_schema import schema_faults
from deployer.authoring.project import in_order
from deployer.authoring.text.jinja import Fenced, render_jinja
from deployer.authoring.text.parse import parse
from deployer.authoring.text.render import render
from deployer.authoring.text.scope import Scope
from deployer.authoring.text.templates import RESERVED, Templates, guarded, unguarded
from deployer.core.diagnostics import Diagnostic, Location
from deployer.core.errors import SpecError
from deployer.core.fields import fields_of, schema_of
from deployer.core.resources import Kind
from deployer.core.secret_marks import has_marks
from deployer.kinds.spelling import snake

EXAMPLES = int(os.environ.get("DEPLOYER_FUZZ_EXAMPLES", "150"))
LAW = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
VARIABLES = {"a": "x", "b": 3, "items": ["p", "q"], "m": {"k": "v", "n": None}, "t": True}
KEYS = sorted({path[0] for kind in Kind for path in fields_of(kind)} | {"name", "endpoint_name", "x-ignore"})

WORDS = ["Standard_DS3_v2", "azureml:m:1", "yes", "010", "key", "managed", "../code", "0x", "1e400", "<<", "="]
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**20), st.floats(), st.text(max_size=12),
    st.sampled_from(WORDS),
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.text(max_size=8), st.sampled_from(KEYS)), inner, max_size=5),
    ),
    max_leaves=12,
)
specs = st.dictionaries(st.sampled_from(KEYS), values, max_size=8)
pieces = st.sampled_from(
    ["{{ a }}", "{{b}}", "{{ m.k }}", "{{ m.n }}", "{{ nope }}", "{{ items }}", "{{ m.items }}", "{{ env_var('X') }}",
     "{{ a | upper }}", "{% if t %}", "{% endif %}", "{% for i in items %}", "{% endfor %}", "{{ i }}", "{% raw %}",
     "{% endraw %}", "{# c #}", "${{ z }}", "{{", "}}", "{%", "\n", "\n  ", ": ", "- ", "name", "traffic", "[",
     "]", "{", "}",
     "&a ", "*a", "!t ", "'", '"', "|\n", "#", "\t", "010", "{{ 2 ** 9 }}", "{{ a * 3 }}", "{%- set q = 1 -%}",
     "{{ q }}", "é"]
)  # fmt: skip
texts = st.lists(st.one_of(pieces, st.text(max_size=6)), max_size=25).map(
    lambda some: "".join(some).replace("\r", "\n")
)


def templates() -> Templates:
    return Templates(project=Path("nowhere"), root="specs", scope=Scope(variables=VARIABLES, environ={"X": "1"}))


def project_with(text: str) -> tuple[Diagnostic, ...]:
    with tempfile.TemporaryDirectory() as folder:
        specs_folder = Path(folder) / "specs"
        (specs_folder / "env").mkdir(parents=True)
        (specs_folder / "env/e.yml").write_text("project: p\nworkspace: local\nvariables: {a: x, items: [p, q]}\n")
        (specs_folder / "spec.yml").write_bytes(text.encode("utf-8", errors="surrogatepass"))
        return validate_project(Path(folder), "e").diagnostics


@LAW
@given(texts)
def test_no_text_ends_in_a_traceback(text: str) -> None:
    found = project_with(text)
    assert all(item.location.line >= 1 and item.location.column >= 1 for item in found)
    assert list(found) == list(in_order(found))


@LAW
@given(specs)
def test_no_document_ends_in_a_traceback(spec: dict[str, object]) -> None:
    project_with(yaml.safe_dump(spec, allow_unicode=True))


@LAW
@given(texts)
def test_placeholders_are_filled_in_as_jinja_does_it(text: str) -> None:
    # refused in templates: they stand for Azure's own braces, and for secrets
    assume(not RESERVED.search(text) and not has_marks(text))
    assert outcome_of_render(text) == outcome_of_jinja(text)


def outcome_of_render(text: str) -> str | list[str]:
    try:
        return render(text, "f", templates()).text
    except SpecError as error:
        return [str(item) for item in error.diagnostics]


def outcome_of_jinja(text: str) -> str | list[str]:
    made = templates()
    made.add("f", text)
    try:
        return unguarded(render_jinja(guarded(text), "f", Fenced(made)))
    except SpecError as error:
        return [str(item) for item in error.diagnostics]


@LAW
@given(st.lists(st.tuples(st.sampled_from(["if t", "for i in items", "raw", "plain"]), st.integers(1, 3)), max_size=6))
def test_every_key_is_traced_to_the_line_that_wrote_it(blocks: list[tuple[str, int]]) -> None:
    lines: list[str] = []
    for opening, count in blocks:
        inside = [
            f"{'- ' if opening != 'raw' else '  - '}at{len(lines) + 1 + (opening != 'plain') + n}" for n in range(count)
        ]
        end = opening.split()[0]
        lines += inside if opening == "plain" else [f"{{% {opening} %}}", *inside, f"{{% end{end} %}}"]
    rendered = render("\n".join(lines), "f", templates())
    for number, line in enumerate(rendered.text.split("\n"), start=1):
        if "at" in line:
            column = line.index("at") + 1
            assert rendered.locate(number, column) == Location(file="f", line=int(line[column + 1 :]), column=column)


@LAW
@given(st.sampled_from([kind for kind in Kind if kind is not Kind.TRAFFIC]), specs)
def test_the_fast_validator_agrees_with_the_reference(kind: Kind, spec: dict[str, object]) -> None:
    data = parse(yaml.safe_dump(spec), "f").data
    reference = jsonschema.Draft202012Validator(schema_of(kind.value))
    assert bool(list(schema_faults(kind.value, data))) == (not reference.is_valid(data))


@LAW
@given(st.sampled_from([kind for kind in Kind if kind is not Kind.TRAFFIC]), specs)
def test_canonical_form_of_what_is_valid_is_valid_and_final(kind: Kind, spec: dict[str, object]) -> None:
    data = {key: value for key, value in spec.items() if not key.startswith("x-")}
    if jsonschema.Draft202012Validator(schema_of(kind.value)).is_valid({"name": "abc", "instance_type": "x", **data}):
        once = canonical(kind, data)
        assert {(key,) for key in once} <= set(fields_of(kind))
        if not isinstance(once.get("identity"), dict):
            assert canonical(kind, once) == once


@LAW
@given(st.text("aB_Z", max_size=12))
def test_spelling_is_settled_at_once(text: str) -> None:
    assert snake(snake(text)) == snake(text) == snake(text).lower()
