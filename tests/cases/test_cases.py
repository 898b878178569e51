"""Walks `specs/*.case`: a small project each, with the expected diagnostics marked where they belong.

A case is one file. Its first line says what it shows. `=== path` begins a file that is put over the base project below;
`⟦code⟧` (or `⟦code warning⟧`) in its text marks the line and column of an expected diagnostic and is taken out.
`=== fixed path` begins the corrected file: with all corrected files in place there must be no diagnostic at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deployer.authoring import validate_project
from deployer.authoring.explain import DIAGNOSTICS, pages_in

CASES = sorted((Path(__file__).parent / "specs").glob("*.case"))
MARKER = re.compile(r"⟦([a-z-]+)( warning)?⟧")
BASE = {
    "specs/env/test.yml": "project: cases\nworkspace: local\nvariables:\n  endpoint: cases\n"
    "  vm_size: Standard_DS3_v2\n  image: mcr.microsoft.com/azureml/minimal-py311-inference\n",
    "specs/endpoint.yml": 'name: "{{ endpoint }}"\nauth_mode: key\n',
    "specs/deployment.yml": 'name: blue\ninstance_type: "{{ vm_size }}"\n',
    "code/score.py": "def init(): ...\n\n\ndef run(data): ...\n",
    "conda.yml": "dependencies: [python=3.11]\n",
    "docker/Dockerfile": "FROM scratch\n",
    "model/weights.txt": "0\n",
    "request.json": "{}\n",
}

Expected = tuple[str, int, int, str, str]


@dataclass
class Case:
    """What one file says."""

    files: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)
    expected: list[Expected] = field(default_factory=list)


def read_case(path: Path) -> Case:
    case = Case()
    for section in path.read_text(encoding="utf-8").split("\n=== ")[1:]:
        title, _, body = section.partition("\n")
        if title.startswith("fixed "):
            case.fixed[title.removeprefix("fixed ")] = f"{body}\n"
        else:
            case.expected += [(title, *place) for place in marked(body)]
            case.files[title] = MARKER.sub("", f"{body}\n")
    return case


def marked(body: str) -> list[tuple[int, int, str, str]]:
    found = []
    for number, line in enumerate(body.split("\n"), start=1):
        for match in MARKER.finditer(line):
            column = len(MARKER.sub("", line[: match.start()])) + 1
            found.append((number, column, match[1], "warning" if match[2] else "error"))
    return found


def diagnose(tmp_path: Path, files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> list[Expected]:
    monkeypatch.setenv("DEPLOYER_CASES_SET", "a-value-that-nobody-shows")
    monkeypatch.setenv("DEPLOYER_CASES_TOKEN", "aad_token")
    for name, text in {**BASE, **files}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return [
        (item.location.file, item.location.line, item.location.column, item.code, str(item.severity))
        for item in validate_project(tmp_path, "test").diagnostics
    ]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_defects_are_found_where_they_are(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = read_case(path)
    assert case.expected
    assert sorted(diagnose(tmp_path, case.files, monkeypatch)) == sorted(case.expected)


@pytest.mark.parametrize("path", [path for path in CASES if read_case(path).fixed], ids=lambda path: path.stem)
def test_the_way_out_is_one(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = read_case(path)
    assert diagnose(tmp_path, {**case.files, **case.fixed}, monkeypatch) == []


def test_every_code_has_a_case_with_a_way_out() -> None:
    shown = {code for path in CASES if read_case(path).fixed for _, _, _, code, _ in read_case(path).expected}
    elsewhere = {"env-unknown", "project-missing", "file-encoding", "file-size", "file-unreadable", "too-many-problems"}
    elsewhere |= {"kind-batch", "kind-other", "nothing-checked"}
    assert set(pages_in(DIAGNOSTICS)) - elsewhere == shown
