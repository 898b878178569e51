"""The scoring script of an ONNX model: `init` runs once in each worker, `run` answers a request."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

TYPES = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(int64)": "int64", "tensor(int32)": "int32"}
session: Any = None


def init() -> None:
    """Load the model: Azure puts its file below the folder AZUREML_MODEL_DIR."""
    global session
    session = onnxruntime.InferenceSession(next(Path(os.environ["AZUREML_MODEL_DIR"]).rglob("FILE")))


def run(data: str) -> Any:
    """The outputs by name, for inputs by name: {"input": [[…], …]}."""
    given = json.loads(data)
    inputs = {
        item.name: np.array(given[item.name], dtype=TYPES.get(item.type, "float32")) for item in session.get_inputs()
    }
    outputs = session.run(None, inputs)
    return {item.name: np.asarray(found).tolist() for item, found in zip(session.get_outputs(), outputs, strict=True)}
