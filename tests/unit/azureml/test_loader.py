"""What `az ml` makes of a rendered file is what the deployer sends: field by field, after Azure has answered both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deployer.authoring import load_project
from deployer.azureml.bookkeeping import tags_of
from deployer.azureml.kinds import deployment, endpoint
from deployer.azureml.kinds.rows import wire_value
from deployer.core.fields import field_at
from deployer.core.resources import Kind, Ref, Resource, State, value_at
from tests.cases.test_cases import BASE, CASES, read_case
from tests.unit.authoring.test_render import ENV, REFUSED_BY_THE_LOADER, ROOT, load, rendered
from tests.unit.azureml import service
from tests.unit.azureml.test_round_trip import NO_READS, _register_data

pytestmark = pytest.mark.slow

REFERENCES = ("model", "environment")
"""What the SDK resolves and uploads before it writes."""
WITH_SECRETS = {"secret-misplaced", "secret-missing", "secret-opaque"}
"""Cases with secrets, which a rendered file has masked."""


def loaded(files: list[Path], desired: State) -> Iterator[tuple[Resource, Resource]]:
    """Each endpoint and deployment as declared, and as it is live after `az ml` has written the rendered file."""
    for file in files:
        entity = load(file)
        if ref := _ref(entity, desired):
            wanted = desired.resources[ref]
            yield wanted, _endpoint(entity) if ref.kind is Kind.ENDPOINT else _deployment(entity, wanted)


def _ref(entity: Any, desired: State) -> Ref | None:
    """The resource that a file declares; None for an asset."""
    name, on = entity.name, getattr(entity, "endpoint_name", None)
    kind = Kind.DEPLOYMENT if on else Kind.ENDPOINT
    key = ((on or name).lower(), (name if on else "").lower())
    return next((ref for ref in desired.resources if ref.kind is kind and (ref.endpoint, ref.name) == key), None)


def _endpoint(entity: Any) -> Resource:
    answer = service.endpoint(service.sent(entity._to_rest_online_endpoint(location="local")), entity.name)
    compute = answer["properties"]["compute"]
    answer["properties"]["compute"] = compute and f"{service.HOME}/computes/{compute}"
    return endpoint.normalise(answer, service.WHERE)


def _deployment(entity: Any, wanted: Resource) -> Resource:
    """Without references, which the SDK resolves and uploads before it writes; our notes are those of the deployer."""
    code_id = service.CODE_ID if entity.code_configuration else None
    if code_id:
        entity.code_configuration.code = code_id
    entity.model = entity.environment = None
    notes = deployment.notes_of(wanted, "demo", code_id)
    entity.tags = {**(entity.tags or {}), **tags_of(notes)}
    _register_data(entity)
    body = service.sent(entity._to_rest_object(location="local"))
    ours = deployment.entity(wanted, code_id, notes)
    ours.model = ours.environment = None
    _register_data(ours)
    sent = service.sent(ours._to_rest_object(location="local"))
    for row in (row for row in deployment.ROWS if row.write_only):
        is_default = value_at(wanted.fields, row.path) == field_at(Kind.DEPLOYMENT, row.path).default
        assert wire_value(body, *row.wire) == (None if is_default else wire_value(sent, *row.wire)), row.path
    return deployment.normalise(service.deployment(body, entity.name), wanted.ref.endpoint, NO_READS)


def same(project: Path, env: str, out: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many resources `az ml` and the deployer agree on; fails where they do not."""
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    desired = load_project(project, env).state
    found = list(loaded(rendered(project, env, out), desired))
    for wanted, seen in found:
        fields = {name: value for name, value in wanted.fields.items() if name not in REFERENCES}
        assert {name: value for name, value in seen.fields.items() if name not in REFERENCES} == fields, wanted.ref
    return len(found)


def test_the_example_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert same(ROOT, "local", tmp_path / "out", monkeypatch) == 2


@pytest.mark.parametrize(
    "path",
    [path for path in CASES if read_case(path).fixed and path.stem not in {*REFUSED_BY_THE_LOADER, *WITH_SECRETS}],
    ids=lambda path: path.stem,
)
def test_every_case_put_right_is_the_same(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = read_case(path)
    for name, text in {**BASE, **case.files, **case.fixed}.items():
        (tmp_path / "p" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "p" / name).write_text(text, encoding="utf-8")
    same(tmp_path / "p", "test", tmp_path / "out", monkeypatch)
