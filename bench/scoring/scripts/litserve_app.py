"""The same images, model and checks behind LitServe: `litserve_app.py PORT WORKERS`, with AZUREML_MODEL_DIR."""

import os
import sys
from pathlib import Path
from typing import Any

import litserve
from fastapi import Request

from scoring.contract import Query, read
from scoring.engines import load


class Digits(litserve.LitAPI):
    """One worker that answers as the scoring script does."""

    def setup(self, device: str) -> None:  # noqa: ARG002
        self.engine = load(Path(os.environ["AZUREML_MODEL_DIR"]))

    def decode_request(self, request: Request) -> Query:  # the annotation is LitServe's way to say: any JSON
        return Query(**request)

    def predict(self, query: Query) -> Any:
        return read(query, self.engine)

    def encode_response(self, output: Any) -> Any:
        return output


if __name__ == "__main__":
    server = litserve.LitServer(Digits(api_path="/score"), accelerator="cpu", workers_per_device=int(sys.argv[2]))
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="warning")
