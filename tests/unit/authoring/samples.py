"""The documents of all cases, and of the corpus of public files where DEPLOYER_CORPUS names its folder."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deployer.authoring.documents.document import Document
from deployer.authoring.project import check_paths, check_project

ROOT = Path(__file__).parents[3]
CASES = sorted((ROOT / "tests/cases/specs").glob("*.case"))
CORPUS = Path(os.environ.get("DEPLOYER_CORPUS", os.devnull))
MARKER = re.compile(r"⟦[a-z -]+⟧")
GIVEN = ("ENDPOINT_NAME=my-endpoint", "ACR_NAME=registry", "acr_name=registry", "MODEL_VERSION=1")
ENDPOINT = "name: mine-ep\nauth_mode: key\n"
DEPLOYMENT = """name: blue
endpoint_name: mine-ep
model: azureml:m:1
environment: azureml:e:1
instance_type: Standard_DS3_v2
instance_count: 1
"""
ENV = "project: cases\nworkspace: local\nvariables: {endpoint: cases, vm_size: Standard_DS3_v2, image: img}\n"


@cache
def corpus() -> tuple[dict[str, Any], ...]:
    """The entries of the corpus' index; empty without it."""
    index = CORPUS / "index.json"
    return tuple(json.loads(index.read_text(encoding="utf-8"))) if index.is_file() else ()


def corpus_file(entry: dict[str, Any]) -> Path:
    return CORPUS / "azureml-examples" / str(entry["path"])


def overrides_for(entry: dict[str, Any]) -> list[str]:
    """What a user would pass: values of placeholders, and the names that the file leaves to the command line."""
    verdict = str(entry["sdk_loader"])
    names = ["endpoint_name=my-endpoint"] if "endpoint_name missing" in verdict else []
    return [*GIVEN, *names, *(["name=demo"] if "; name missing" in verdict else [])]


@cache
def documents() -> tuple[tuple[str, Document], ...]:
    """Every readable document, with a name for messages."""
    return (*_of_cases(), *_of_corpus())


def _of_cases() -> Iterator[tuple[str, Document]]:
    for path in CASES:
        with TemporaryDirectory() as folder:
            if _write_case(path, Path(folder)):
                found = check_project(Path(folder), "test").documents
                yield from ((f"{path.stem}: {item.file}", item) for item in found)


def _write_case(path: Path, folder: Path) -> bool:
    """Put the files of a case into a folder; whether it is a project with a usable env file."""
    files = {"specs/env/test.yml": ENV}
    for section in path.read_text(encoding="utf-8").split("\n=== ")[1:]:
        title, _, body = section.partition("\n")
        if not title.startswith("fixed "):
            files[title] = MARKER.sub("", f"{body}\n")
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return not {"env-file", "variable-name"} & {path.stem}


def _of_corpus() -> Iterator[tuple[str, Document]]:
    for entry in corpus():
        found = check_paths([corpus_file(entry)], CORPUS, None, overrides_for(entry), files=False)
        yield from ((item.file, item) for item in found.documents)
