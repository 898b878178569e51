"""Azure's error responses in one shape: those of ARM, of the service behind it, and of failed operations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_SECRET = re.compile(r"(sig=|Bearer\s+|AccountKey=|SharedAccessKey=)[^\s&;\"']+", re.IGNORECASE)
_REASON = re.compile(r"([A-Z][A-Za-z]{5,40}): ")
_BUSY = re.compile(
    r"because it is in \w+ provisioning state|another operation|operation (?:is )?in progress|already running"
    r"|waiting for lock|try again later",
    re.IGNORECASE,
)
_GENERAL = re.compile(r"(BadRequest|UserError|NotFound|Inferencing\w*)$")
_GENERIC = frozenset(
    {
        "the request is invalid.",
        "one or more validation errors occurred.",
        "see inner errors for details.",
        "operation failed or canceled",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A refused request or a failed operation. `status` is 0 if there was no response, `retry_after` is in seconds."""

    status: int
    code: str = ""
    message: str = ""
    correlation_id: str = ""
    retry_after: float | None = None

    @property
    def of_operation(self) -> bool:
        """Whether Azure accepted the request but its operation failed: the status is then that of the poll."""
        return 200 <= self.status < 300

    @property
    def canceled(self) -> bool:
        """Whether another operation superseded this one."""
        return self.code in ("OperationCanceled", "Canceled")

    @property
    def busy(self) -> bool:
        """Whether another operation blocks the resource, or requests are throttled."""
        return self.status in (409, 423, 429) or self.canceled or bool(_BUSY.search(self.message))

    @property
    def broken(self) -> bool:
        """Whether there was no response, or a server error."""
        return self.status in (0, 408, 500, 502, 503, 504)


def read_refusal(status: int, body: str, headers: Mapping[str, str]) -> Refusal:
    """Parse an error response: its most specific code, its messages, and the correlation ID for Azure support."""
    document = _object(body)
    error = _error_of(document)
    message = _join(_messages(error) if document else iter([_plain_text(body)]))
    found = {key.lower(): value for key, value in headers.items()}
    return Refusal(
        status=status,
        code=_code(error, document, message),
        message=without_secrets(message),
        correlation_id=found.get("x-ms-correlation-request-id") or _correlation(document, error),
        retry_after=retry_after(found),
    )


def without_secrets(text: str) -> str:
    """Text with signatures, keys and tokens masked."""
    return _SECRET.sub(r"\1***", text)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds to wait from any of Azure's retry headers (names in lower case); None without one."""
    for name, unit in (("x-ms-retry-after-ms", 1000), ("retry-after-ms", 1000), ("retry-after", 1)):
        value = headers.get(name, "")
        if value.replace(".", "", 1).isdigit():
            return float(value) / unit
    return None


def _object(body: str) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _error_of(document: Mapping[str, Any]) -> Mapping[str, Any]:
    error = document.get("error")
    if isinstance(error, dict):
        return error
    return {key: document[key] for key in ("code", "message", "details") if key in document}


def _code(error: Mapping[str, Any], document: Mapping[str, Any], message: str) -> str:
    """The most specific code: a nested one instead of a general one, else the reason at the start of the message."""
    codes = [code for code in (*_inner_codes(error), *_detail_codes(error)) if not _GENERAL.match(code)]
    code = str(error.get("code") or "")
    if codes and (not code or _GENERAL.match(code)):
        return codes[-1]
    reason = _REASON.match(message)
    if not code and reason:
        return reason.group(1)
    if not code and document.get("status") in ("Canceled", "Failed"):
        return "OperationCanceled" if document["status"] == "Canceled" else "OperationFailed"
    return code


def _inner_codes(error: Mapping[str, Any]) -> Iterator[str]:
    inner = error.get("innerError") or error.get("innererror")
    while isinstance(inner, dict):
        if inner.get("code"):
            yield str(inner["code"])
        inner = inner.get("innerError") or inner.get("innererror")


def _detail_codes(error: Mapping[str, Any]) -> Iterator[str]:
    for detail in error.get("details") or ():
        if isinstance(detail, dict) and detail.get("code"):
            yield str(detail["code"])


def _messages(error: Mapping[str, Any]) -> Iterator[str]:
    """The messages from the inside out; generic ones only if there are no others."""
    found = [*_details(error), *_unwrap(str(error.get("message") or ""))]
    telling = [text for text in found if text.lower() not in _GENERIC]
    yield from telling or found


def _details(error: Mapping[str, Any]) -> Iterator[str]:
    for detail in error.get("details") or ():
        if isinstance(detail, dict):
            yield from _messages(detail)


def _unwrap(message: str) -> Iterator[str]:
    """The texts of a message that may contain JSON, possibly after some words."""
    start = message.find("{")
    inner = _object(message[start:]) if start >= 0 else {}
    if not inner:
        yield _one_line(message)
        return
    errors = inner.get("errors")
    for texts in errors.values() if isinstance(errors, dict) else ():
        yield from (_one_line(str(text)) for text in (texts if isinstance(texts, list) else [texts]))
    if not errors:
        yield from _messages(_error_of(inner)) if _error_of(inner) else iter((str(inner.get("title") or ""),))


def _plain_text(body: str) -> str:
    """A body that is not JSON; "" for HTML, such as the error page of a proxy."""
    return "" if body.lstrip().startswith("<") else _one_line(body)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:2000]


def _join(messages: Iterator[str]) -> str:
    return " ".join(dict.fromkeys(text if text.endswith((".", "!", "?")) else f"{text}." for text in messages if text))


def _correlation(document: Mapping[str, Any], error: Mapping[str, Any]) -> str:
    infos = error.get("additionalInfo") or ()
    values = [
        item.get("info", {}).get("value")
        for item in infos
        if isinstance(item, dict) and item.get("type") == "Correlation"
    ]
    for value in [*values, document.get("correlation")]:
        if isinstance(value, dict):
            return str(value.get("request") or value.get("operation") or "")
    return ""
