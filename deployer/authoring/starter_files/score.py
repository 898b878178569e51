"""The scoring script: `init` runs once in each worker, `run` answers a request. Load and ask your model here."""

from __future__ import annotations

import json


def init() -> None:
    """Load the model. Files of a `model` in the deployment's spec are below the folder AZUREML_MODEL_DIR."""


def run(data: str) -> float:
    """The answer to a request with this body: here the sum of the numbers in `data`."""
    numbers: list[float] = json.loads(data)["data"]
    return sum(numbers)
