"""What the scoring tests share: the model of the repository, its engine, and digits it was not trained on."""

from __future__ import annotations

from pathlib import Path

import pytest

from scoring.digits import Digits, load_split, mnist_parts
from scoring.engines import LiteRT, load

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def model_dir() -> Path:
    """The folder that AZUREML_MODEL_DIR would name."""
    return ROOT / "scoring" / "model"


@pytest.fixture(scope="session")
def engine(model_dir: Path) -> LiteRT:
    """The engine that the repository's model is served with."""
    loaded = load(model_dir)
    assert isinstance(loaded, LiteRT)
    return loaded


@pytest.fixture(scope="session")
def held_out() -> Digits:
    """The digits of MNIST that training and tuning left out."""
    return mnist_parts().held_out


@pytest.fixture(scope="session")
def scans() -> Digits:
    """scikit-learn's scans that training left out."""
    return load_split()[1]


@pytest.fixture(scope="session")
def seven() -> bytes:
    """The sample of the README, a PNG file."""
    return (ROOT / "data" / "seven.png").read_bytes()
