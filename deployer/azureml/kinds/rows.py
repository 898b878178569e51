"""Rows: the path of a field in the YAML and in ARM JSON, and how to read and write it.

Defaults for absent values are in the schemas only. Sources of the rows: the ARM specification of
Microsoft.MachineLearningServices (https://github.com/Azure/azure-rest-api-specs) and the recorded sessions in the test
suite of azure-ai-ml (https://github.com/Azure/azure-sdk-for-python).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from deployer.core.resources import KeyPath, Value
from deployer.core.sealed import Sealed
from deployer.kinds import spelling

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_DURATION_UNITS = (86_400_000, 3_600_000, 60_000, 1000)


def as_is(value: Any) -> Value:
    """The value itself."""
    return value  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One field. `read` and `write` return None for absent values.

    If `write` is None, the SDK's entity writes the field or it is read-only. `write_only`: Azure accepts the value but
    does not return it. `managed_only`: the field does not exist on Kubernetes.
    """

    path: KeyPath
    wire: KeyPath
    read: Callable[[Any], Value] = as_is
    write: Callable[[Any], Any] | None = as_is
    write_only: bool = False
    managed_only: bool = False


def text(value: Any) -> Value:
    """Text; None if it is empty."""
    return str(value) if value not in (None, "") else None


def lower(value: Any) -> Value:
    """A case-insensitive value in lower case."""
    return str(value).lower()


def texts(value: Any) -> Value:
    """A map of text to text."""
    return {str(key): "" if item is None else str(item) for key, item in (value or {}).items()}


def snake(value: Any) -> Value:
    """An enum value in YAML spelling: TargetUtilization is target_utilization, AMLToken is aml_token."""
    return spelling.snake(str(value))


def pascal(value: Any) -> str:
    """An enum value of the YAML in the spelling of ARM."""
    return "".join(word.capitalize() for word in str(value).split("_"))


def milliseconds(value: Any) -> Value:
    """An ISO 8601 duration such as PT1M30.5S as whole milliseconds; None if it is invalid or zero."""
    return _milliseconds(str(value))


@lru_cache(maxsize=256)
def _milliseconds(duration: str) -> int | None:
    match = _DURATION.fullmatch(duration)
    if match is None:
        return None
    parts = zip(match.groups(), _DURATION_UNITS, strict=True)
    return round(sum(float(part or 0) * unit for part, unit in parts)) or None


def seconds(value: Any) -> Value:
    """An ISO 8601 duration as whole seconds; None if it is invalid or zero."""
    found = milliseconds(value)
    return round(found / 1000) if isinstance(found, int) else None


def duration_of_ms(value: Any) -> str:
    """Milliseconds as an ISO 8601 duration; zero is written too, because Azure would put its default in its place."""
    days, rest = divmod(int(value), 86_400_000)
    hours, rest = divmod(rest, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    day = f"{days}D" if days else ""
    time = "".join(f"{amount:g}{unit}" for amount, unit in ((hours, "H"), (minutes, "M"), (rest / 1000, "S")) if amount)
    return f"P{day}{'T' if time else ''}{time}" if day or time else "PT0S"


def duration_of(value: Any) -> str:
    """Seconds as an ISO 8601 duration."""
    return duration_of_ms(int(value) * 1000)


def wire_value(raw: Any, *path: str) -> Any:
    """The value at a path in ARM JSON, or None."""
    found = raw
    for key in path:
        if found is None:
            return None
        found = found.get(key) if isinstance(found, (dict, Mapping)) else None
    return found


def read_rows(rows: Iterable[Row], raw: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of these rows in ARM JSON, nested by their paths, without absent ones."""
    fields: dict[str, Any] = {}
    for row in rows:
        found = wire_value(raw, *row.wire)
        value = row.read(found) if found is not None else None
        if value is not None:
            put_value(fields, row.path, dict(value) if isinstance(value, Mapping) else value)
    return fields


def write_rows(rows: Iterable[Row], fields: Mapping[str, Any], rest: Any, *, kubernetes: bool = False) -> Any:
    """The REST object of an entity, with the fields of these rows merged into it.

    This also writes fields that the SDK's entity does not support yet.
    """
    for row in rows:
        value = wire_value(fields, *row.path)
        if row.write is None or value is None or (row.managed_only and kubernetes):
            continue
        if (written := row.write(value)) is not None:
            put_value(rest, row.wire, written)
    return rest


def put_value(fields: Any, path: KeyPath, value: Any) -> None:
    """Set a value at a path, creating missing maps on the way."""
    *parents, last = path
    for key in parents:
        if fields.get(key) is None:
            fields[key] = {}
        fields = fields[key]
    fields[last] = value


def plain(value: Any) -> Any:
    """Read-only mappings and tuples as dicts and lists, which the SDK requires, with secrets opened: only here."""
    if isinstance(value, Sealed):
        return value.opened
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
