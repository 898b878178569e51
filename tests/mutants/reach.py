"""Which tests execute a line, from one traced run of them all; kept in `.mutants/` until a file changes."""

from __future__ import annotations

import ast
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from tests.mutants import forks, testing
from tests.mutants.sites import Site

KEPT = (testing.ROOT.parent if testing.ROOT.parent.name == ".mutants" else testing.ROOT / ".mutants") / "reach.json"
"""Beside the copy that a run works in."""

LONGEST = 900.0
SLOW = 1.0


@dataclass(slots=True, kw_only=True)
class Reach:
    """Seconds of each test; per file and line the tests that execute it; per name the places that use it."""

    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    lines: dict[str, dict[int, list[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    users: dict[str, set[tuple[str, int]]] = field(default_factory=lambda: defaultdict(set))
    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def tests_of(self, file: str, site: Site) -> list[str]:
        """The tests that execute a site; the likeliest first.

        Of what runs at import, and of functions that only run then, those that use the names it gives a value.
        """
        found = self._executing((file, line) for line in site.lines)
        if not found:
            names = site.names or site.scope.split(".")[:1]
            found = self._executing(place for name in names for place in self.users.get(name, ()))
        if not found and not site.lines:
            found = self._executing((file, line) for line in self.lines.get(file, {}))
        return sorted(found & self.seconds.keys(), key=lambda test: self._likelihood(test, file))

    def _executing(self, places: Iterable[tuple[str, int]]) -> set[str]:
        return {test for path, line in places for test in self.lines.get(path, {}).get(line, ())}

    def _likelihood(self, test: str, file: str) -> tuple[bool, float, float]:
        """Quick tests before slow ones; then those that are about this file more than about others."""
        counts = self._counts()[test]
        return self.seconds[test] > SLOW, -counts[file] / counts.total(), self.seconds[test]

    def _counts(self) -> Mapping[str, Counter[str]]:
        """How many lines of each file a test executes."""
        if not self.counts:
            for path, tests_by_line in self.lines.items():
                for tests in tests_by_line.values():
                    for test in tests:
                        self.counts.setdefault(test, Counter())[path] += 1
        return self.counts


def reach(at_once: int) -> Reach:
    """What was found out about these very files, or find it out now."""
    digest = _digest()
    whole = Reach()
    if KEPT.exists() and (kept := json.loads(KEPT.read_text()))["digest"] == digest:
        parts = kept["parts"]
    else:
        parts = list(_traced(at_once))
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(json.dumps({"digest": digest, "parts": parts}))
    for part in parts:
        _add(whole, part)
    _find_users(whole)
    return whole


def _traced(at_once: int) -> Iterator[Mapping[str, object]]:
    files = list(testing.test_files())
    names = [str(file.relative_to(testing.ROOT)) for file in files]
    jobs = (forks.Job(subject=name, work=partial(testing.traced, name), seconds=LONGEST) for name in names)
    for count, (name, answer) in enumerate(forks.run(jobs, at_once), start=1):
        forks.progress(f"tracing the tests: {count} of {len(names)} files")
        if not answer:
            raise SystemExit(f"\nthe tests of {name} did not come to an end")
        yield json.loads(answer)


def _add(whole: Reach, part: Mapping[str, object]) -> None:
    match part:
        case {"seconds": dict(seconds), "failed": list(failed), "lines": dict(lines)}:
            whole.seconds.update(seconds)
            whole.failed += failed
            for file, tests_by_line in lines.items():
                for line, tests in tests_by_line.items():
                    whole.lines[file][int(line)] += tests


def _digest() -> str:
    """Of every file that the outcome may depend on."""
    hashed = hashlib.sha256()
    for folder, pattern in (("deployer", "*.py"), ("schemas", "*"), ("specs", "*"), ("tests", "*"), ("docs", "*")):
        for file in sorted((testing.ROOT / folder).rglob(pattern)):
            if file.is_file() and "__pycache__" not in file.parts and "mutants" not in file.parts:
                hashed.update(str(file.relative_to(testing.ROOT)).encode() + b"\0" + file.read_bytes())
    return hashed.hexdigest()


def _find_users(whole: Reach) -> None:
    """Where the names of module and class level are used in functions, through other such names if need be."""
    passed_on: dict[str, set[str]] = defaultdict(set)
    for file in sorted((testing.ROOT / "deployer").rglob("*.py")):
        path = str(file.relative_to(testing.ROOT))
        for statement, within in _statements(ast.parse(file.read_text()), None):
            for name in _mentioned(statement):
                if within is None:
                    passed_on[name] |= set(_targets(statement))
                else:
                    whole.users[name].add((path, statement.lineno))
    for name in list(passed_on):
        for other in _reached(name, passed_on):
            whole.users[name] |= whole.users.get(other, set())


def _reached(name: str, passed_on: Mapping[str, set[str]]) -> set[str]:
    found, ahead = set[str](), {name}
    while ahead:
        found |= ahead
        ahead = {other for one in ahead for other in passed_on.get(one, ())} - found
    return found


def _statements(node: ast.AST, within: str | None) -> Iterator[tuple[ast.stmt, str | None]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            if not isinstance(child, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom):
                yield child, within
            yield from _statements(child, child.name if isinstance(child, ast.FunctionDef) else within)
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from _statements(child, within)


def _mentioned(statement: ast.stmt) -> Iterator[str]:
    for node in _own(statement):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                yield name
            case _:
                pass


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """A statement's nodes without those of the statements in it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.stmt):
            yield child
            yield from _own(child)


def _targets(statement: ast.stmt) -> Iterable[str]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []
