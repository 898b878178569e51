"""Fields as written in a spec -> canonical fields: one spelling for each meaning, so that they can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deployer.core.fields import with_defaults
from deployer.core.resources import Kind, Value
from deployer.kinds import KINDS
from deployer.kinds.spelling import respelled


def canonical(kind: Kind, data: Mapping[str, Any]) -> dict[str, Value]:
    """The fields of a document with defaults filled in and canonical spelling."""
    spec = KINDS[kind]
    given = {key: value for key, value in data.items() if value is not None}
    for path in spec.enums:
        given = respelled(given, path)
    fields = with_defaults(kind, spec.spelled(given))
    return {**fields, "description": fields["description"] or None} if "description" in fields else fields
