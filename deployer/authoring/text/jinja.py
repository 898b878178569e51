"""Sandboxed Jinja2: no unsafe attributes, no files outside the root, bounded output, loops, calls and numbers.

Only files that need it come here: importing Jinja2 takes longer than checking a plain spec.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, assert_never

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from deployer.authoring.text.bounds import (
    FILTERS,
    MAP_METHODS,
    TEXT_METHODS,
    Budget,
    CutByYaml,
    LimitReached,
    NotPlain,
    bounded_operation,
    holds_mark,
    plain,
    whole,
)
from deployer.authoring.text.scalars import whole_scalars
from deployer.authoring.text.scope import ScopeError
from deployer.authoring.text.secrets import CURE, Mark, MarkUsed
from deployer.authoring.text.suggest import did_you_mean
from deployer.authoring.text.syntax_tree import FUNCTIONS, Counted, NotCalled, check_called
from deployer.authoring.text.templates import Templates, first_tag
from deployer.core.diagnostics import Diagnostic, Location, Severity
from deployer.core.errors import SpecError

MAX_UNDEFINED = 20
MISSING = ("template-undefined", "env-variable", "secret-missing")
STANDS_IN = "undefined"
SMALL = "Specs are small: write the values out."
UNDEFINED_NAME = re.compile(r"^'(\w+)' is undefined$")
UNDEFINED_ATTRIBUTE = re.compile(r"has no attribute '([^']*)'$")
TAG = re.compile(r"\{[{%#]")
FOR_MARKS = frozenset(("tojson", "b64encode", "default", "d", "defined", "undefined", "none"))
"""The filters and tests that tell nothing of a secret's value."""
WRITING = frozenset(
    ("abs", "capitalize", "e", "escape", "float", "format", "indent", "int", "join", "lower", "replace", "round")
) | {"string", "title", "trim", "upper", "urlencode", "wordcount"}
"""The filters that write a text, also of a list or a map."""


class Loader(jinja2.BaseLoader):
    """Loads included files from the root folder of the templates."""

    def __init__(self, templates: Templates) -> None:
        self.templates = templates

    def get_source(self, _environment: jinja2.Environment, template: str) -> tuple[str, str, Any]:
        """The text of a template file, for Jinja2."""
        source = self.templates.source(template)
        if source is None:
            raise jinja2.TemplateNotFound(template)
        return source, template, None


class Fenced(ImmutableSandboxedEnvironment):
    """Jinja2's sandbox with limits for everything that a template can make grow."""

    intercepted_binops = frozenset(("**", "*", "+", "%"))

    def __init__(self, templates: Templates) -> None:
        super().__init__(
            undefined=jinja2.StrictUndefined,
            keep_trailing_newline=True,
            loader=Loader(templates),
            auto_reload=False,
            cache_size=-1,
            finalize=plain,
        )
        self.templates = templates
        self.budget = Budget(vault=templates.scope.vault)
        self.concat = self.budget.concat  # type: ignore[method-assign, assignment]
        scope = templates.scope
        functions = {"range": self.budget.range, "dict": dict, "namespace": Namespace}
        self.globals = {**functions, "env_var": scope.env_var, "secret": scope.secret, **scope.variables}
        known = {**{name: self.filters[name] for name in FILTERS}, **self.budget.filters()}
        self.filters = {name: made if name in FOR_MARKS else _fenced(made, name) for name, made in known.items()}
        self.filters |= {"_each": self.budget.each, "_glued": self.budget.concat, "_whole": whole}
        tests: dict[str, Any] = dict(self.tests)
        self.tests = {name: made if name in FOR_MARKS else _fenced(made, name) for name, made in tests.items()}

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        """Compile a template so that every loop and every `~` is counted, and functions can only be called."""
        check_called(source, name)
        written = whole_scalars(self.templates.sources.get(name or "", ""))
        return str(super()._generate(Counted(written).visit(source), name, filename, defer_init))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """An arithmetic operation. Raises LimitReached if its result would be too large."""
        bounded_operation(operator, left, right)
        if operator != "+" and (holds_mark(left) or holds_mark(right)):
            raise MarkUsed
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may use an attribute: of plain data only methods with bounded results."""
        match obj:
            case str():
                return attr in TEXT_METHODS
            case Mapping():
                return attr in MAP_METHODS
            case int() | float() | bytes() | list() | tuple() | None:
                return False
            case Mark():
                raise MarkUsed
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """Disables `str.format`, whose widths are unlimited."""

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """A counted call; the keyword arguments are those of the template."""
        self.budget.call()
        if isinstance(getattr(obj, "__self__", None), str) and any(map(holds_mark, args)):
            raise MarkUsed
        return super().call(context, obj, *args, **kwargs)

    def join_path(self, template: str, _parent: str) -> str:
        """The project-relative path of an included file, whose name is relative to the root, not to the includer."""
        self.budget.call()
        return self.templates.path_of(template)


def render_jinja(source: str, file: str, environment: Fenced) -> str:
    """Render one template. Raises SpecError with places in the template, for all undefined variables at once."""
    try:
        template = _compiled(source, file, environment)
        return run(template, environment, {})
    except Exception as error:
        first = _diagnostic(error, file, environment)
    if first.code not in MISSING:
        raise SpecError([first])
    others = _other_undefined(template, file, environment, first)
    environment.templates.scope.assumed.clear()
    raise SpecError([first, *others])


def _fenced(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A filter or test that refuses secrets; those that write text also refuse what they would print of a list."""
    deep = name in WRITING

    @wraps(function)
    def fenced(*args: Any, **named: Any) -> Any:
        if any(holds_mark(value) if deep else isinstance(value, Mark) for value in (*args, *named.values())):
            raise MarkUsed
        return function(*args, **named)

    return fenced


def run(template: jinja2.Template, environment: Fenced, extra: Mapping[str, Any]) -> str:
    """Run a compiled template; `extra` are variables beyond those of the scope."""
    environment.budget.refill()
    context = template.new_context(dict(extra))
    return str(environment.budget.concat(template.root_render_func(context)))


def _compiled(source: str, file: str, environment: Fenced) -> jinja2.Template:
    code = environment.compile(source, file, file)
    return environment.template_class.from_code(environment, code, environment.globals)


def _other_undefined(template: jinja2.Template, file: str, environment: Fenced, first: Diagnostic) -> list[Diagnostic]:
    """The undefined variables after the first one, found by defining each and rendering again."""
    found: list[Diagnostic] = []
    latest, names = first, dict[str, str]()
    while len(found) < MAX_UNDEFINED and latest.code in MISSING and latest.path not in names:
        names[latest.path] = STANDS_IN
        environment.templates.scope.assumed.add(latest.path)
        try:
            run(template, environment, names)
            return found
        except Exception as error:
            latest = _diagnostic(error, file, environment)
        if latest.code in MISSING and latest not in (first, *found):
            found.append(latest)
    return found


def _diagnostic(error: Exception, file: str, environment: Fenced) -> Diagnostic:
    """The diagnostic for an error in a template."""
    if isinstance(error, SpecError):
        return error.diagnostics[0]
    code, summary, detail, word = _explained(error, environment)
    place = _place(error, file, environment, word)
    path = error.name if isinstance(error, ScopeError) else word if code == "template-undefined" else ""
    return Diagnostic(severity=Severity.ERROR, code=code, summary=summary, detail=detail, location=place, path=path)


def _explained(error: Exception, environment: Fenced) -> tuple[str, str, str, str]:
    """Code, summary, hint, and the word to look for in the line."""
    match error:
        case jinja2.TemplateNotFound():
            known = environment.templates.names()
            wanted = environment.templates.relative(str(error.name))
            return "template-include", f"no file `{wanted}` in the specs folder", did_you_mean(wanted, known), wanted
        case NotCalled():
            name = str(error.message)
            return "template-error", f"`{name}` is a function", f"Call it: {FUNCTIONS[name]}.", name
        case CutByYaml() | MarkUsed() | NotPlain():
            return _refused(error)
        case jinja2.TemplateSyntaxError():
            return "template-syntax", f"not a valid template: {error.message}", _syntax_hint(str(error.message)), ""
        case jinja2.UndefinedError():
            return _undefined(str(error.message), environment)
        case ScopeError():
            return error.code, error.summary, error.hint, ""
        case LimitReached():
            return "template-limit", f"the template is refused: {error}", SMALL, ""
        case RecursionError() | MemoryError() | OverflowError():
            return "template-limit", "the template is nested too deeply or produces too much", "Make it simpler.", ""
    return "template-error", f"the template fails: {error}", "", ""


def _refused(error: CutByYaml | MarkUsed | NotPlain) -> tuple[str, str, str, str]:
    """The same for a value that cannot be printed where it is, or not at all."""
    match error:
        case CutByYaml():
            summary = "the value has characters that YAML reads otherwise where it has no quotes"
            return "template-unquoted", summary, 'Quote it, "{{ … }}", or write {{ … | tojson }}.', ""
        case MarkUsed():
            return "secret-opaque", "the template asks for the value of a secret", CURE, "secret"
        case NotPlain():
            hint = "Print texts, numbers, lists and maps; call macros and methods with ()."
            return "template-error", f"the template would print an object ({error}), not a value", hint, ""
    assert_never(error)


def _syntax_hint(message: str) -> str:
    if "unknown tag" in message or "end of print" in message or "unexpected" in message:
        return "Put text that is not a template between {% raw %} and {% endraw %}."
    return ""


def _undefined(message: str, environment: Fenced) -> tuple[str, str, str, str]:
    names = [name for name in environment.globals if name not in ("dict", "namespace", "range")]
    if match := UNDEFINED_NAME.match(message):
        name = match[1]
        hint = did_you_mean(name, names) or f"Define it under `variables` in the env file, or pass --set {name}=…."
        return "template-undefined", f"`{name}` is not defined", hint, name
    attribute = UNDEFINED_ATTRIBUTE.search(message)
    return "template-undefined", f"undefined: {message}", "", attribute[1] if attribute else ""


def _place(error: Exception, file: str, environment: Fenced, word: str) -> Location:
    """The innermost template line in the traceback of an error, else that of the first tag; the column of a word."""
    found = (file, first_tag(environment.templates.sources[file])[0])
    if isinstance(error, jinja2.TemplateSyntaxError):
        found = (error.name or file, error.lineno)
    trace = error.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            found = (template.name, template.get_corresponding_lineno(trace.tb_lineno))
        trace = trace.tb_next
    return Location(file=found[0], line=found[1], column=_column(environment.templates.line(*found), word))


def _column(line: str, word: str) -> int:
    """The column of a word in a template line, otherwise of the first tag; 1 without a tag."""
    tag = TAG.search(line)
    if tag is None:
        return 1
    used = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)").search(line, tag.start()) if word else None
    return (used or tag).start() + 1
