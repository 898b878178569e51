"""What the file of a model says of itself, read without running anything that is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, assert_never

from deployer.authoring.model_files.keras_file import read_keras
from deployer.authoring.model_files.onnx_file import read_onnx
from deployer.authoring.model_files.sklearn_file import read_sklearn
from deployer.core.errors import UsageError

LARGEST = 2_000_000_000
"""Bytes of a file that is read to look into it."""


class Library(StrEnum):
    """What a model was saved by."""

    SKLEARN = "sklearn"
    KERAS = "keras"
    ONNX = "onnx"


ENDINGS: Mapping[str, Library] = {
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), Library.SKLEARN),
    ".keras": Library.KERAS,
    ".onnx": Library.ONNX,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A model in a file: by which library, in which version ("" where it does not say), and a request that it takes.

    `request` is None where the file does not say what it takes.
    """

    library: Library
    version: str
    request: Mapping[str, Any] | None


def read_model_file(file: Path) -> ModelFile:
    """What a file says of its model. Raises UsageError for a file that is none, or that says nothing."""
    library = ENDINGS.get(file.suffix.lower())
    if library is None:
        hint = f"Files end in {', '.join(ENDINGS)}. For an MLflow model: --from-mlflow FOLDER."
        raise UsageError(f"{file} is of no kind of model that is known here", hint=hint)
    version, request = _read(library, _bytes(file), file)
    return ModelFile(library=library, version=version, request=request)


def _bytes(file: Path) -> bytes:
    try:
        if file.stat().st_size > LARGEST:
            raise UsageError(f"{file} is too large to look into", hint="Begin without it, and name it in the spec.")
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error


def _read(library: Library, content: bytes, file: Path) -> tuple[str, Mapping[str, Any] | None]:
    try:
        match library:
            case Library.SKLEARN:
                return read_sklearn(content)
            case Library.KERAS:
                return read_keras(content)
            case Library.ONNX:
                return read_onnx(content)
    except ValueError as error:
        raise UsageError(f"{file} is no model of {library.value}: {error}") from error
    assert_never(library)
