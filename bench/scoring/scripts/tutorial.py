"""The scoring script of Microsoft's tutorial, in its steps: decode, 28x28, `predict`, argmax, JSON.

https://learn.microsoft.com/azure/machine-learning/tutorial-deploy-model. Keras 3 does not read a SavedModel folder, so
this one loads a .keras file.
"""

from __future__ import annotations

import base64
import json
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

model: Any


def init() -> None:
    global model
    model = keras.models.load_model(Path(os.environ["AZUREML_MODEL_DIR"]) / "digits.keras")


def run(data: str) -> str:
    image = Image.open(BytesIO(base64.b64decode(json.loads(data)["data"])))
    pixels = np.array(image.convert("L").resize((28, 28))).reshape(1, 28, 28, 1) / 255
    return json.dumps(int(np.argmax(model.predict(pixels)[:, :10])))
