"""Ways out of Jinja2's sandbox that are known from other programs: each is refused, with its place.

The payloads are those of lists of server-side template injections, such as
https://github.com/swisskyrepo/PayloadsAllTheThings/tree/master/Server%20Side%20Template%20Injection
"""

from __future__ import annotations

from pathlib import Path

import pytest

from deployer.authoring import validate_paths
from deployer.authoring.text.render import render
from deployer.authoring.text.scope import Scope
from deployer.authoring.text.templates import Templates
from deployer.core.errors import SpecError

STARTS = ["''", "[]", "{}", "()", "1", "1.5", "none", "true", "x", "xs", "deep", "namespace()", "range(3)", "dict(a=1)"]
STARTS += ["cycler", "joiner", "lipsum", "self", "request", "config", "loop", "url_for", "get_flashed_messages", "g"]
CHAINS = [
    ".__class__",
    "['__class__']",
    "|attr('__class__')",
    "['__cla' ~ 'ss__']",
    "['\\x5f\\x5fclass\\x5f\\x5f']",
    ".__init__.__globals__",
    ".__class__.__mro__[1].__subclasses__()",
    ".__class__.__base__.__subclasses__()[40]('/etc/passwd').read()",
    ".__reduce__()",
    ".__dict__",
    ".__doc__",
    ".__getattribute__('__class__')",
]
OTHERS = [
    "{{ self._TemplateReference__context.cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__.os.popen('id').read() }}",
    "{{ namespace.__init__.__globals__.os.popen('id').read() }}",
    "{{ range.__self__ }}",
    "{{ env_var.__globals__ }}",
    "{{ secret.__self__.environ }}",
    "{{ secret.__func__ }}",
    "{{ env_var }}",
    "{{ secret }}",
    "{{ range }}",
    "{{ namespace }}",
    "{{ namespace() }}",
    "{{ self }}",
    "{{ self.__init__ }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ '{0.__class__}'.format_map({'0': 1}) }}",
    "{{ '%s' | format(env_var) }}",
    "{{ ''.join.__self__ }}",
    "{{ ''.format }}",
    "{{ x.upper }}",
    "{{ deep.get }}",
    "{{ deep.items.__self__ }}",
    "{% set a = env_var %}{{ a }}",
    "{% set ns = namespace(a=secret) %}{{ ns.a }}",
    "{{ [secret] }}",
    "{{ {'a': env_var} | tojson }}",
    "{% macro m() %}{{ caller }}{% endmacro %}{{ m }}",
    "{% macro m() %}x{% endmacro %}{{ m.__init__ }}",
    "{% macro m() %}{{ varargs.__class__ }}{% endmacro %}{{ m(1) }}",
    "{% macro m() %}{{ kwargs.__class__ }}{% endmacro %}{{ m(a=1) }}",
    "{% for i in [1] %}{{ loop.__class__ }}{% endfor %}",
    "{% for i in [1] %}{{ loop }}{% endfor %}",
    "{% for i in [1] %}{{ loop.cycle.__globals__ }}{% endfor %}",
    "{% include '/etc/passwd' %}",
    "{% include '../../etc/passwd' %}",
    "{% include '....//....//etc/passwd' %}",
    "{% include 'file:///etc/passwd' %}",
    "{% include env_var('HOME') ~ '/.ssh/id_rsa' %}",
    "{% import '/etc/passwd' as p %}",
    "{% from '../outside.yml' import x %}",
    "{% extends '/etc/passwd' %}",
    "{% include 'link.yml' %}",
    "{% set x = xs.append(1) %}",
    "{% do xs.append(1) %}",
    "{{ deep.update({'a': 1}) }}",
    "{{ deep.pop('er') }}",
    "{{ deep.clear() }}",
    "{{ xs.__setitem__(0, 1) }}",
    "{% debug %}",
    "{{ debug() }}",
    "{{ open('/etc/passwd').read() }}",
    "{{ eval('1') }}",
    "{{ __import__('os') }}",
    "{{ x | attr('upper') }}",
    "{{ xs | map(attribute='__class__') | list }}",
    "{{ xs | map('attr', '__class__') | list }}",
    "{{ xs | selectattr('__class__') | list }}",
    "{{ xs | groupby('__class__') | list }}",
    "{{ xs | sum(attribute='__class__') }}",
    "{{ (xs + xs) | sort(attribute='__class__') }}",
    "{{ xs | pprint }}",
    "{{ x | xmlattr }}",
    "{{ x | safe }}",
    "{{ x | random }}",
    "{{ x.encode().__class__ }}",
    "{{ x.translate({65: env_var}) }}",
    "{% trans %}x{% endtrans %}",
    "{% call(u) x.upper() %}{% endcall %}",
]
WAYS_OUT = [f"{{{{ ({start}){chain} }}}}" for start in STARTS for chain in CHAINS] + OTHERS


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    folder = tmp_path_factory.mktemp("escapes")
    (folder / "specs").mkdir()
    (folder / "outside.yml").write_text("{% set x = 'of another project' %}of another project\n")
    (folder / "specs/link.yml").symlink_to(folder / "outside.yml")
    scope = Scope(
        variables={"x": "text", "xs": ["a"], "deep": {"er": 1}}, environ={"HOME": str(folder), "S": "hush-hush"}
    )
    return Templates(project=folder, root="specs", scope=scope)


@pytest.mark.parametrize("way_out", WAYS_OUT)
def test_no_known_way_leads_out_of_a_template(way_out: str, templates: Templates) -> None:
    with pytest.raises(SpecError) as caught:
        render(f"name: blue\ntags: {way_out}\n", "specs/d.yml", templates)
    said = caught.value.diagnostics[0]
    assert said.code.startswith("template-")
    assert (said.location.file, said.location.line) == ("specs/d.yml", 2)
    assert "hush" not in str(said) + said.detail
    assert "another project" not in str(said) + said.detail


@pytest.mark.parametrize("way_out", ["../x.yml", "/etc/passwd", "link.yml", "_loop.yml"])
def test_a_file_that_is_checked_alone_includes_no_other_folder_either(way_out: str, tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_text("of another project: 1\n")
    (tmp_path / "own").mkdir()
    (tmp_path / "own/link.yml").symlink_to(tmp_path / "x.yml")
    (tmp_path / "own/_loop.yml").write_text("{% include '_loop.yml' %}\n")
    (tmp_path / "own/d.yml").write_text(f"name: blue\n{{% include '{way_out}' %}}\n")
    found = validate_paths([tmp_path / "own/d.yml"], project=tmp_path, env=None).diagnostics
    assert [item.code for item in found] in (["template-include"], ["template-limit"])
    assert "another project" not in str(found)
