"""The entry script: `init()` loads the model, `run()` answers a request. See README.md for what it takes and gives."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from time import perf_counter
from types import ModuleType

if not __package__:
    # The inference server loads this file alone, by path: make its folder a package, so that siblings can be imported
    # by relative names here, in tests and on the server alike, and no installed module can take their place.
    package = ModuleType("digit_scoring")
    package.__path__ = [str(Path(__file__).resolve().parent)]
    sys.modules[package.__name__] = package
    __package__ = package.__name__
    __spec__ = ModuleSpec(f"{__package__}.score", None)

from azureml_inference_server_http.api.aml_request import rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse
from flask import Request, g

from .contract import MAX_BODY_BYTES, answer, too_large
from .engines import Engine, load
from .refusal import ScoringRefused

TUTORIAL_BYTES = "SCORING_TUTORIAL_BYTES"
"""Set to 1, this environment variable keeps the answer a JSON string inside JSON, as the tutorial's script gave it."""

_engine: Engine
_shaped: Callable[[object], object]


def init() -> None:
    """Load the model that AZUREML_MODEL_DIR holds, once in each worker."""
    global _engine, _shaped
    _engine = load(Path(os.environ["AZUREML_MODEL_DIR"]))
    _shaped = json.dumps if os.environ.get(TUTORIAL_BYTES) == "1" else lambda given: given
    gc.freeze()  # what starting up made stays for good: looking through it again would stop a request for 20 ms


def _run(request: Request) -> object:
    """The answer to a POST, or an AMLResponse with a 4xx status and what is wrong with the request."""
    started, outcome = perf_counter(), "failed"
    try:
        if request.method == "OPTIONS":
            outcome = "options"
            return AMLResponse("", 200)
        given = _shaped(answer(_body(request), _engine))
        outcome = "ok"
        return given
    except ScoringRefused as refusal:
        outcome = refusal.code
        return AMLResponse(refusal.body(), refusal.status, json_str=True)
    finally:
        _log(outcome, (perf_counter() - started) * 1000)


run: Callable[[Request], object] = rawhttp(_run)


def _body(request: Request) -> bytes:
    if request.method != "POST":
        raise ScoringRefused(405, "method_not_allowed", "send a POST request")
    size = request.content_length or 0
    if size > MAX_BODY_BYTES:
        _discard(request)
        raise too_large(size)
    return request.get_data(cache=False)


def _discard(request: Request) -> None:
    """Read a body that is refused, so that its sender gets to the answer instead of a broken connection."""
    while request.stream.read(65536):
        pass


def _log(outcome: str, milliseconds: float) -> None:
    """One line of JSON. The server forwards what is printed to Application Insights; the image is never in it."""
    event = {"event": "score", "id": g.get("request_id", ""), "engine": _engine.name}
    print(json.dumps({**event, "ms": round(milliseconds, 3), "outcome": outcome}))
