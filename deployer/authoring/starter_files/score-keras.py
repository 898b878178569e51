"""The scoring script of a Keras model: `init` runs once in each worker, `run` answers a request."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import keras
import numpy as np

model: Any = None


def init() -> None:
    """Load the model: Azure puts its file below the folder AZUREML_MODEL_DIR."""
    global model
    model = keras.saving.load_model(next(Path(os.environ["AZUREML_MODEL_DIR"]).rglob("FILE")))


def run(data: str) -> Any:
    """The predictions for the inputs in `data`: {"data": [input, …]}."""
    inputs = np.array(json.loads(data)["data"], dtype="float32")
    return model.predict(inputs, verbose=0).tolist()
