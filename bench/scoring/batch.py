"""Images a second of one process without a server: from bytes, on decoded arrays, and what the engine alone could do.

Runs in the example's light environment and prints JSON. The engine's limit is `invoke` on an interpreter for all
pictures at once.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from bench.scoring.contenders import ROOT
from bench.scoring.samples import IMAGES, encoded
from scoring.contract import answer
from scoring.engines import LITERT_FILE, MODEL_FOLDER, load

MODEL = ROOT / "scoring" / "model"
ROUNDS = 400


def main() -> None:
    engine = load(MODEL)
    body = json.dumps({"data": [encoded("seven.png")] * IMAGES}).encode()
    pictures = np.random.default_rng(1).random((IMAGES, 28, 28), np.float32)
    interpreter = Interpreter(model_path=str(MODEL / MODEL_FOLDER / LITERT_FILE), num_threads=1)
    interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], (IMAGES, 28, 28, 1))
    interpreter.allocate_tensors()
    calls: dict[str, Callable[[], object]] = {
        "bytes": lambda: answer(body, engine),
        "arrays": lambda: engine.answers(pictures),
        "limit": interpreter.invoke,
    }
    print(json.dumps({name: IMAGES / seconds for name, seconds in medians(calls).items()}))


def medians(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The median seconds of each call, taken in turns."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in taken.items()}


if __name__ == "__main__":
    main()
