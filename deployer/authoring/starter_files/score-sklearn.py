"""The scoring script of a scikit-learn model: `init` runs once in each worker, `run` answers a request."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import joblib

model: Any = None


def init() -> None:
    """Load the model: Azure puts its file below the folder AZUREML_MODEL_DIR."""
    global model
    model = joblib.load(next(Path(os.environ["AZUREML_MODEL_DIR"]).rglob("FILE")))


def run(data: str) -> Any:
    """The predictions for the rows in `data`: {"data": [[…], …]}."""
    rows = json.loads(data)["data"]
    return model.predict(rows).tolist()
