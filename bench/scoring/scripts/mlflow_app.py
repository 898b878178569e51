"""The same images, model and checks as an MLflow model: run to save it into the folder argv[1], then serve that."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import mlflow.pyfunc

from scoring.contract import Query, read
from scoring.engines import load


class Digits(mlflow.pyfunc.PythonModel):
    """Answers `{"inputs": ["<base64 image>"]}`, MLflow's own shape."""

    def load_context(self, context: Any) -> None:  # noqa: ARG002
        self.engine = load(Path(os.environ["AZUREML_MODEL_DIR"]))

    def predict(self, context: Any, model_input: list[str]) -> Any:  # noqa: ARG002
        return read(Query(data=list(model_input)), self.engine)


if __name__ == "__main__":
    mlflow.pyfunc.save_model(sys.argv[1], python_model=__file__)
else:
    mlflow.models.set_model(Digits())
