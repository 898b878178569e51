"""pytest inside a fork: what each test executes, and whether the tests notice a fault."""

from __future__ import annotations

import ast
import importlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

import hypothesis
import pytest

ROOT = Path(__file__).parents[2]

FOLDERS = ("tests/unit", "tests/properties", "tests/cases")
"""Where the tests are that have to notice; those of other folders take too long to be the ones."""

ABOUT_OTHERS = ("walls", "local_workspace_control", "local_workspace_data")
"""Folders of unit tests that execute nothing of what gets faults."""

HEAVY = (
    "azure.ai.ml",
    "azure.ai.ml.entities",
    "azure.identity",
    "azure.storage.blob",
    "click",
    "cryptography",
    "hypothesis.strategies",
    "jinja2",
    "jsonschema",
    "jsonschema_rs",
    "rich.console",
    "starlette.applications",
    "uvicorn",
    "yaml",
)

PAIRS = "300"
"""How many pairs of states the laws of planning look at: the first hundreds notice nearly all that thousands do."""

OPTIONS = ("-x", "-q", "-m", "not long", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", str(ROOT))


def warm_up() -> None:
    """Import what the forks will need and what has no fault in it; the deployer and its tests come in the forks."""
    os.environ.setdefault("DEPLOYER_PAIRS", PAIRS)
    sys.dont_write_bytecode = False
    for name in HEAVY:
        importlib.import_module(name)
    hypothesis.settings.register_profile(
        "mutants",
        database=None,
        derandomize=True,
        deadline=None,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
    )
    hypothesis.settings.load_profile("mutants")


@dataclass(slots=True, kw_only=True)
class Watch:
    """A pytest plugin: which tests, in which order, how long each took, which failed."""

    order: Mapping[str, int] | None = None
    enter: Callable[[str], object] = lambda name: None
    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self.order is not None:
            order = self.order
            items[:] = sorted((item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.enter(nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self.enter("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self.failed.append(report.nodeid)


def traced(file: str) -> bytes:
    """The tests of one file: seconds of each that passes, and the lines of the deployer that each executes."""
    import coverage

    tracer = coverage.Coverage(data_file=None, source=[str(ROOT / "deployer")], config_file=False, messages=False)
    watch = Watch(enter=tracer.switch_context)
    tracer.start()
    pytest.main([*OPTIONS[1:], file], plugins=[watch])
    tracer.stop()
    data = tracer.get_data()
    lines = {
        str(Path(name).relative_to(ROOT)): {
            line: [test for test in tests if test] for line, tests in data.contexts_by_lineno(name).items()
        }
        for name in data.measured_files()
    }
    seconds = {name: taken for name, taken in watch.seconds.items() if name not in watch.failed}
    return json.dumps({"seconds": seconds, "failed": watch.failed, "lines": lines}).encode()


def noticed(module: str, path: Path, tree: ast.Module, tests: Sequence[str]) -> bytes:
    """Run tests over a module with a fault, until one fails: pytest's exit code, and that test.

    Those in the file of the first one come first, because most faults need no other file to be collected.
    """
    code = compile(tree, str(path), "exec")
    sys.meta_path.insert(0, _Finder(module, path, code))
    if not _is_importable(module, "deployer.cli"):
        return json.dumps({"code": int(pytest.ExitCode.INTERRUPTED), "failed": []}).encode()
    first = tests[0].partition("::")[0]
    near = [name for name in tests if name.partition("::")[0] == first]
    result, watch = 0, Watch()
    for batch in (near, [name for name in tests if name not in set(near)]):
        if batch and result == 0:
            watch = Watch(order={name: place for place, name in enumerate(batch)})
            files = sorted({name.partition("::")[0] for name in batch})
            result = int(pytest.main([*OPTIONS, *files], plugins=[watch]))
    return json.dumps({"code": result, "failed": watch.failed[:1]}).encode()


def _is_importable(*modules: str) -> bool:
    """Whether modules can be imported: where a conftest cannot import one, pytest calls that wrong usage."""
    try:
        for module in modules:
            importlib.import_module(module)
    except Exception:
        return False
    return True


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, code: CodeType) -> None:
        super().__init__(name, path)
        self.code = code

    def get_code(self, fullname: str) -> CodeType:
        return self.code


class _Finder(MetaPathFinder):
    """Finds the module with the fault instead of the one on disk."""

    def __init__(self, name: str, path: Path, code: CodeType) -> None:
        self.name, self.path, self.code = name, str(path), code

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        return spec_from_file_location(
            fullname,
            self.path,
            loader=_Loader(fullname, self.path, self.code),
            submodule_search_locations=[str(Path(self.path).parent)] if self.path.endswith("__init__.py") else None,
        )


def module_name(path: Path) -> str:
    """deployer/core/plan.py -> deployer.core.plan"""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_files() -> Iterable[Path]:
    """The files of tests, those of the laws first: they take longest."""
    found = [file for folder in FOLDERS for file in (ROOT / folder).rglob("test_*.py")]
    found = [file for file in found if file.parent.name not in ABOUT_OTHERS]
    return sorted(found, key=lambda file: ("properties" not in file.parts, str(file)))
