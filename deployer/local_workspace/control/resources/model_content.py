"""What the service reads out of assets: the flavors of MLflow models, and conda files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from deployer.local_workspace.control.envelopes import ArmRefused
from deployer.local_workspace.control.refusals import WRONG_BODY


def flavors(model: Path) -> dict[str, Any]:
    """The flavors that the MLmodel file of a model folder names, as the API shows them; empty without one."""
    file = model / "MLmodel"
    content = _yaml(file.read_text()) if file.is_file() else {}
    named = content.get("flavors") if isinstance(content, dict) else None
    return {name: {"data": {k: str(v) for k, v in (found or {}).items()}} for name, found in (named or {}).items()}


def conda_as_json(text: str) -> str:
    """A conda file as the service returns it: indented JSON."""
    content = _yaml(text)
    if not isinstance(content, dict):
        problem = "The conda file is not a YAML mapping."
        raise ArmRefused(WRONG_BODY, {"path": "properties.condaFile", "problem": problem})
    return json.dumps(content, indent=2)


def _yaml(text: str) -> Any:
    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except yaml.YAMLError as error:
        problem = f"Not valid YAML: {' '.join(str(error).split())}"
        raise ArmRefused(WRONG_BODY, {"path": "properties.condaFile", "problem": problem}) from error
