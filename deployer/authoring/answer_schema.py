"""JSON Schemas that answers of smoke tests match (`schema` in `x-smoke-test`). Nothing is fetched for them."""

from __future__ import annotations

from typing import Any, NoReturn

import jsonschema_rs


def schema_problem(schema: Any) -> str:
    """Why a value is no JSON Schema; "" if it is one."""
    try:
        _validator(schema)
    except (jsonschema_rs.ValidationError, ValueError) as error:
        return str(error).splitlines()[0]
    return ""


def unlike(answer: Any, schema: Any) -> str:
    """The first place at which an answer does not match a schema, in one phrase; "" if it does."""
    found = next(iter(_validator(schema).iter_errors(answer)), None)
    if found is None:
        return ""
    place = ".".join(map(str, found.instance_path))
    return f"`{place}`: {found.message}" if place else found.message


def _validator(schema: Any) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema, retriever=_refuse)


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"{uri} is somewhere else; write it into the schema")
