"""The same images, model and checks behind BentoML; model folder in AZUREML_MODEL_DIR."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import bentoml

from scoring.contract import Query, read
from scoring.engines import load


@bentoml.service(workers=1)
class Digits:
    """One worker that answers as the scoring script does."""

    def __init__(self) -> None:
        self.engine = load(Path(os.environ["AZUREML_MODEL_DIR"]))

    @bentoml.api(route="/score")
    def score(self, data: str) -> Any:
        return read(Query(data=data), self.engine)
