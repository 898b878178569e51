"""The scoring script of MLflow models that bring none: what Azure's takes and gives, not what MLflow's server does.

A request is `{"input_data": …, "params": …}`, an answer the bare result, data frames as records. The form of
`input_data` is that of the model's input example, else of its signature, else it is guessed.
https://learn.microsoft.com/azure/machine-learning/how-to-deploy-mlflow-models-online-endpoints#invoke-the-endpoint
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import mlflow.pyfunc
import numpy as np
import pandas as pd
from azureml_inference_server_http.api.aml_response import AMLResponse
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema, output_schema
from mlflow.models import Model

FOLDER = os.path.join(os.environ["AZUREML_MODEL_DIR"], os.environ["MLFLOW_MODEL_FOLDER"])  # noqa: PTH118
SPLIT = {"columns", "index", "data"}

_model: Any = None


def init() -> None:
    """Load the model."""
    global _model
    _model = mlflow.pyfunc.load_model(FOLDER)


def sample_of(schema: Any) -> Any:
    """A value of the form that a schema of MLflow describes; None where it describes none that could be told."""
    if schema is None:
        return None
    try:
        return _tensors(schema) if schema.is_tensor_spec() else _frame(schema)
    except Exception:  # types that another version of MLflow knows: the form is guessed
        return None


def _tensors(schema: Any) -> Any:
    arrays = {
        item.name: np.zeros([size if size > 0 else 1 for size in item.shape], dtype=item.type) for item in schema.inputs
    }
    return arrays if schema.has_input_names() else next(iter(arrays.values()))


def _frame(schema: Any) -> Any:
    names = schema.input_names() if schema.has_input_names() else range(len(schema.inputs))
    kinds = zip(names, schema.pandas_types())  # noqa: B905 -- Python 3.8 has no `strict`
    return pd.DataFrame({name: _column(kind) for name, kind in kinds})


def _column(kind: Any) -> Any:
    """A column of one value, of a type of pandas."""
    nothing = "" if np.dtype(kind).kind in "OUS" else 0
    return pd.Series([nothing]).astype(kind)


def form_of(sample: Any) -> Any:
    """How a value like `sample` is described in the service's swagger."""
    if isinstance(sample, pd.DataFrame):
        return PandasParameterType(sample, enforce_shape=False, orient="split")
    if isinstance(sample, np.ndarray):
        return NumpyParameterType(sample, enforce_shape=False)
    if isinstance(sample, dict):
        return StandardPythonParameterType({name: form_of(value) for name, value in sample.items()})
    return StandardPythonParameterType(plain(sample))


def read(given: Any, sample: Any) -> Any:
    """What a request holds, in the form of `sample`; guessed where that is None. Raises whatever does not fit."""
    if sample is None:
        return _guessed(given)
    if isinstance(sample, dict) and any(isinstance(value, np.ndarray) for value in sample.values()):
        return {name: read(value, sample.get(name)) for name, value in given.items()}
    return form_of(sample).deserialize_input(given)


def _guessed(given: Any) -> Any:
    if isinstance(given, dict) and set(given) == SPLIT:
        return pd.DataFrame(given["data"], index=given["index"], columns=given["columns"])
    if isinstance(given, dict):
        return {name: np.array(value) for name, value in given.items()}
    return np.array(given) if isinstance(given, list) else given


def plain(value: Any) -> Any:
    """A result as JSON has it: a data frame as records, arrays and series as lists."""
    if isinstance(value, pd.DataFrame):
        return [plain(row) for row in value.to_dict(orient="records")]
    if isinstance(value, (np.ndarray, pd.Series)):
        return plain(value.tolist())
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def _described() -> tuple[Any, Any]:
    """Samples of what the model takes, and of what it gives."""
    described = Model.load(FOLDER)
    signature = described.signature
    try:
        example = described.load_input_example(FOLDER)
    except Exception:  # the example is named, and its file is not there: the signature says as much
        example = None
    takes = example if example is not None else sample_of(signature.inputs if signature else None)
    return takes, sample_of(signature.outputs if signature else None)


TAKES, GIVES = _described()


def _with_schemas(scoring: Callable[..., Any]) -> Callable[..., Any]:
    """`scoring` with what its swagger says of it: the server passes on what a request has under these names."""
    described: Callable[..., Any]
    described = input_schema("params", StandardPythonParameterType({}), convert_to_provided_type=False)(scoring)
    takes = StandardPythonParameterType({}) if TAKES is None else form_of(TAKES)
    described = input_schema("input_data", takes, convert_to_provided_type=False)(described)
    if GIVES is not None:
        described = output_schema(form_of(GIVES))(described)
    return described


def _run(input_data: Any, params: Any = None) -> Any:
    try:
        given = read(input_data, TAKES)
    except Exception as error:
        return AMLResponse({"message": f"input_data cannot be read: {error}"}, 400, json_str=True)
    takes_params = params and "params" in inspect.signature(_model.predict).parameters
    return plain(_model.predict(given, params=params) if takes_params else _model.predict(given))


run = _with_schemas(_run)
