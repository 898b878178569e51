"""Two engines, one model: which is picked, that they agree, and what is refused."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from scoring import engines, train
from scoring.digits import Digits
from scoring.engines import BATCH, LITERT_FILE, LiteRT, ModelError, TensorFlow, fingerprint, load
from scoring.ink import Floats, centred
from scoring.looks import PLAIN, any_look, as_image, draw
from tests.scoring.server import ROOT


@pytest.fixture(scope="module")
def pictures(held_out: Digits, scans: Digits) -> Floats:
    """A third of the digits held out, once plain and once in a random look."""
    rng = np.random.default_rng(5)
    both = [*held_out.scans[::3], *scans.scans[::3]]
    drawn = [draw(scan, PLAIN, rng) for scan in both] + [draw(scan, any_look(rng), rng) for scan in both]
    return np.stack([centred(as_image(picture)) for picture in drawn])


@pytest.fixture(scope="module")
def tensorflow(model_dir: Path) -> TensorFlow:
    return TensorFlow(model_dir / engines.MODEL_FOLDER)


@pytest.fixture
def copied(tmp_path: Path, model_dir: Path) -> Path:
    """A copy of the model to spoil: the folder with saved_model.pb."""
    target = tmp_path / engines.MODEL_FOLDER
    shutil.copytree(model_dir / engines.MODEL_FOLDER, target)
    return target


def test_engines_agree(engine: LiteRT, tensorflow: TensorFlow, pictures: Floats) -> None:
    light, full = engine.answers(pictures), tensorflow.answers(pictures)
    assert light.shape == full.shape == (len(pictures), 11)
    np.testing.assert_allclose(light, full, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(light.argmax(axis=1), full.argmax(axis=1))


@pytest.mark.parametrize("count", [1, 2, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH, 2 * BATCH + 3])
def test_a_batch_is_answered_as_its_pictures_are(engine: LiteRT, pictures: Floats, count: int) -> None:
    together = engine.answers(pictures[:count])
    alone = np.concatenate([engine.answers(pictures[at : at + 1]) for at in range(count)])
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-5)


def test_threads_take_turns(engine: LiteRT, pictures: Floats) -> None:
    expected = engine.answers(pictures[:100])
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda at: engine.answers(pictures[at % 100][None]), range(2_000)))
    for at, answer in enumerate(answers):
        np.testing.assert_array_equal(answer[0].argmax(), expected[at % 100].argmax())


def test_litert_serves_without_importing_tensorflow(model_dir: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from scoring.contract import answer; from scoring.engines import load;"
        f"engine = load(Path({str(model_dir)!r}));"
        "import base64, json; file = Path('data/seven.png').read_bytes();"
        "print(answer(json.dumps({'data': base64.b64encode(file).decode()}).encode(), engine), engine.name);"
        "sys.exit('tensorflow' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "7 litert\n")


def test_a_litert_file_of_another_graph_is_refused(copied: Path) -> None:
    graph = copied / "saved_model.pb"
    graph.write_bytes(graph.read_bytes() + b"\0")
    with pytest.raises(ModelError, match="was not made from the SavedModel beside it"):
        load(copied.parent)


def test_a_litert_file_of_other_weights_is_refused(copied: Path) -> None:
    [weights] = (copied / "variables").glob("variables.data-*")
    changed = bytearray(weights.read_bytes())
    changed[1000] ^= 1
    weights.write_bytes(bytes(changed))
    with pytest.raises(ModelError, match="export both again"):
        load(copied.parent)


def test_a_litert_file_without_a_mark_is_refused(copied: Path) -> None:
    light = copied / LITERT_FILE
    light.write_bytes(light.read_bytes().replace(fingerprint(copied).encode(), b"0" * 64))
    with pytest.raises(ModelError, match="was not made from"):
        load(copied.parent)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"neither saved_model\.pb nor a \.keras file"):
        load(tmp_path)


def test_without_a_litert_file_tensorflow_serves(copied: Path, engine: LiteRT, pictures: Floats) -> None:
    (copied / LITERT_FILE).unlink()
    loaded = load(copied.parent)
    assert isinstance(loaded, TensorFlow)
    np.testing.assert_allclose(loaded.answers(pictures[:3]), engine.answers(pictures[:3]), atol=1e-5)


def test_where_litert_is_not_installed_tensorflow_serves(model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    assert isinstance(load(model_dir), TensorFlow)


def test_a_keras_file_is_served(tmp_path: Path, pictures: Floats) -> None:
    import tensorflow as tf

    model = train.answering(tf, train.network(tf))
    model.save(tmp_path / "digits.keras")
    loaded = load(tmp_path)
    assert isinstance(loaded, TensorFlow)
    expected = model(pictures[:5, ..., None], training=False).numpy()
    np.testing.assert_allclose(loaded.answers(pictures[:5]), expected, atol=1e-5)
