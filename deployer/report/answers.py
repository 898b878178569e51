"""Answers of an endpoint as text and JSON: predictions and errors, measurements, and keys."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from deployer.core.redaction import Mask, mask_of
from deployer.core.statistics import Summary
from deployer.core.workspace import Answer
from deployer.report.format import count, milliseconds, rate, seconds, shortened, styled

SCORE_VERSION = "1.0"
KEYS_VERSION = "1.0"
BAR = 40
_LONGEST = 300

MODEL_STATUS = "ms-azureml-model-error-statuscode"
MODEL_REASON = "ms-azureml-model-error-reason"

MEANINGS = {
    400: ("the request is malformed", "Send JSON with `--request FILE`, or a picture with `--image FILE`."),
    401: ("the key or token was not accepted", "Run `deployer keys` to see the valid keys; a token may have expired."),
    403: ("the signed-in account may not score", "It needs the action onlineEndpoints/score on the endpoint."),
    404: (
        "nothing answers at this address",
        "`deployer status` shows whether a deployment has traffic; `--deployment NAME` asks one without.",
    ),
    408: (
        "the model did not answer in time",
        "Raise `request_settings.request_timeout_ms` of the deployment (at most 180000).",
    ),
    413: ("the request is too large", "Send fewer or smaller images in one request."),
    429: (
        "too many requests are waiting",
        "Send fewer at once, or raise `instance_count` or `request_settings.max_concurrent_requests_per_instance`.",
    ),
    500: (
        "the service itself failed, not the model",
        "Try again; if it fails again, give the request ID to Azure support.",
    ),
    502: ("the deployment closed the connection", "`deployer logs DEPLOYMENT` shows whether its container crashed."),
    503: ("the deployment is not ready", "Try again in a moment; `deployer status` shows its state."),
    504: ("the deployment did not answer in time", "`deployer logs DEPLOYMENT` shows what it is doing."),
}
"""Meanings of HTTP statuses from endpoints, with hints.

https://learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints#http-status-codes
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One answer for display: `prediction` is its JSON, or its text without one; `problem` is "" for a 200."""

    status: int
    deployment: str
    milliseconds: float
    prediction: object
    problem: str = ""
    hint: str = ""
    request_id: str = ""

    @property
    def ok(self) -> bool:
        """Whether the request succeeded."""
        return not self.problem


def scored(answer: Answer, *, secrets: frozenset[str] = frozenset()) -> Scored:
    """An answer for display: a prediction, or a problem with a hint; secrets are masked."""
    mask = mask_of(secrets)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    body = _decoded(answer.body)
    problem, hint = ("", "") if answer.status == 200 else _problem(answer, headers, body)
    return Scored(
        status=answer.status,
        deployment=mask.line(answer.deployment),
        milliseconds=answer.milliseconds,
        prediction=mask.value(body),  # type: ignore[arg-type]
        problem=mask.line(problem),
        hint=mask.line(hint),
        request_id=mask.line(headers.get("x-request-id", "")),
    )


def _decoded(body: bytes) -> object:
    """The JSON of a body, else its text. JSON in a JSON string is decoded too: older scoring scripts return that."""
    text = body.decode("utf-8", errors="replace")
    try:
        value = json.loads(text)
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return text


def _problem(answer: Answer, headers: Mapping[str, str], body: object) -> tuple[str, str]:
    if answer.status == 424:
        return _model_error(answer, headers, body)
    words, hint = MEANINGS.get(answer.status, ("the endpoint did not answer with a prediction", ""))
    said = _said(body)
    return f"{answer.status}: {words}" + (f" ({said})" if said else ""), hint.replace(
        "DEPLOYMENT", answer.deployment or "DEPLOYMENT"
    )


def _model_error(answer: Answer, headers: Mapping[str, str], body: object) -> tuple[str, str]:
    """The problem behind a 424: the endpoint returns it if the model's server answers with anything but 200."""
    status, name = headers.get(MODEL_STATUS, ""), answer.deployment or "DEPLOYMENT"
    said = _said(body) or headers.get(MODEL_REASON, "")
    if status.startswith("4"):
        return f"the model refused the request with {status}: {said or 'it gave no reason'}", "Correct the request."
    problem = f"the model failed{f' with {status}' if status else ''}: {said or 'it gave no reason'}"
    return problem, f"`deployer logs {name}` shows its traceback."


def _said(body: object) -> str:
    """The reason in the answer itself."""
    match body:
        case {"error": {"message": str(message)}} | {"error": str(message)} | {"message": str(message)}:
            return shortened(message, _LONGEST)
        case str():
            return shortened(" ".join(body.split()), _LONGEST)
        case _:
            return shortened(json.dumps(body, ensure_ascii=False), _LONGEST) if body else ""


def score_text(result: Scored, *, color: bool = False) -> str:
    """The prediction and its deployment, or the problem and a hint."""
    who = f"deployment {result.deployment}" if result.deployment else "the endpoint"
    took = styled(f"{who} answered in {milliseconds(result.milliseconds)}", "dim", color=color)
    if result.ok:
        return f"{_shown(result.prediction)}\n{took}\n"
    lines = [f"{styled('error', 'red', color=color)}: {result.problem}", result.hint, took]
    request = f"request ID: {result.request_id}" if result.request_id else ""
    return "\n".join(filter(None, [*lines, request])) + "\n"


def _shown(prediction: object) -> str:
    if isinstance(prediction, str):
        return Mask()(prediction)
    text = json.dumps(prediction, ensure_ascii=False)
    return Mask()(text if len(text) <= 100 else json.dumps(prediction, ensure_ascii=False, indent=2))


def score_json(result: Scored) -> str:
    """One answer as JSON (schemas/output/score.schema.json)."""
    document = {"format_version": SCORE_VERSION, "kind": "score", "ok": result.ok, **asdict(result)}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def measurement_text(found: Summary, *, concurrency: int, color: bool = False) -> str:
    """The result of `score --repeat N --concurrency C`: latencies, deployments, errors by kind, a histogram."""
    return "\n".join([*_head(found, concurrency, color), *_errors(found, color), *_bars(found)]) + "\n"


def _head(found: Summary, concurrency: int, color: bool) -> Iterator[str]:
    sent = f"{count(found.requests, 'request')}, {concurrency} at a time, in {seconds(found.seconds)}"
    yield styled(f"{sent}: {found.per_second:.1f} answers per second", "bold", color=color)
    if found.mean_ms is not None and found.max_ms is not None:
        named = {f"p{rank}": value for rank, value in found.percentiles.items()}
        cells = {**named, "mean": found.mean_ms, "max": found.max_ms}
        yield "  ".join(f"{name:>9}" for name in cells)
        yield "  ".join(f"{milliseconds(value):>9}" for value in cells.values())
    if found.deployments:
        yield "answered by " + ", ".join(f"{name} {number}" for name, number in found.deployments.items())


def _errors(found: Summary, color: bool) -> Iterator[str]:
    for kind, number in found.errors.items():
        share = rate(number / found.requests)
        yield f"{styled('error', 'red', color=color)}: {number} ({share}) {Mask().line(kind)}"


def _bars(found: Summary) -> Iterator[str]:
    most = max((part.count for part in found.histogram), default=0)
    for part in found.histogram:
        bar = "█" * max(round(part.count / most * BAR), 1 if part.count else 0)
        yield f"{milliseconds(part.low):>9} – {milliseconds(part.high):<9} {part.count:>7} {bar}".rstrip()


def measurement_json(found: Summary, *, concurrency: int) -> str:
    """The measurement as JSON (schemas/output/measurement.schema.json); times in milliseconds, wall time in seconds."""
    latencies = {f"p{rank}": value for rank, value in found.percentiles.items()}
    rest = {key: value for key, value in asdict(found).items() if key != "percentiles"}
    head = {"format_version": SCORE_VERSION, "kind": "measurement", "concurrency": concurrency}
    return json.dumps({**head, **rest, "latency_ms": latencies}, indent=2, ensure_ascii=False) + "\n"


def keys_text(primary: str, secondary: str, *, show_secrets: bool) -> str:
    """The two keys of an endpoint, truncated unless `show_secrets`."""
    shown = [key if show_secrets else _beginning(key) for key in (primary, secondary)]
    return f"primary    {shown[0]}\nsecondary  {shown[1]}\n"


def keys_json(primary: str, secondary: str, *, show_secrets: bool) -> str:
    """The two keys of an endpoint as JSON (schemas/output/keys.schema.json), truncated unless `show_secrets`."""
    shown = [key if show_secrets else _beginning(key) for key in (primary, secondary)]
    document = {"format_version": KEYS_VERSION, "kind": "keys", "primary": shown[0], "secondary": shown[1]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _beginning(key: str) -> str:
    return f"{key[:4]}… ({len(key)} characters; --show-secrets)"
