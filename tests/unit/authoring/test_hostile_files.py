"""Files of up to 1 MB that were made to take long: each is judged in two seconds of processor time."""

from __future__ import annotations

import gc
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deployer.authoring import validate_paths
from deployer.core.diagnostics import Diagnostic

HEAD = "name: blue\nendpoint_name: e-p\ninstance_type: x\n"
CHAIN = "".join(f"  a{n}: &a{n} {{<<: *a{n - 1}, k{n}: 1}}\n" for n in range(1, 400))
SHAPES = {
    "keys": "tags:\n" + "".join(f"  k{n}: v\n" for n in range(60_000)),
    "fields": "".join(f"k{n}: v\n" for n in range(60_000)),
    "merged": "x-anchors:\n  a0: &a0 {k: 1}\n" + CHAIN,
    "aliases": "x-anchors:\n  - &a [" + "1," * 1000 + "1]\n" + "  - *a\n" * 90,
    "items": "x-ignore: [" + ",".join(["a"] * 90_000) + "]\n",
    "twice": "tags:\n" + "  k: v\n" * 90_000,
    "zeros": "tags: [" + ",".join(["01"] * 90_000) + "]\n",
    "anchors": "x-anchors: [" + ",".join(f"&a{n} 1" for n in range(45_000)) + "]\n",
    "maps": "environment_variables: {" + ",".join(f"a{n}: {{b: 1}}" for n in range(20_000)) + "}\n",
    "escapes": 'description: "' + "\\n" * 400_000 + '"\n',
    "comment": "#" * 900_000 + "\n",
    "lines": "\n" * 900_000,
    "number": "request_settings: {request_timeout_ms: " + "9" * 900_000 + "}\n",
}
LENGTH = 45_000
VALUES = {
    name: (text * (LENGTH // len(text)))
    for name, text in {
        "words": "word ", "dots": "a.", "slashes": "a/", "pairs": "a=;", "at": "a@", "digits": "1", "dashes": "-",
        "base64": "Ab3+", "url": "https://a:", "jwt": "eyJaaaaaaaaaaa.", "braces": "${{", "blanks": " ",
        "underscores": "_", "references": "azureml:", "keys": "AccountKey=", "pem": "-----BEGIN ", "quotes": '"',
    }.items()
}  # fmt: skip
FIELDS = """description: '@'
environment_variables: {TOKEN: '@', '@': x}
tags: {a: '@', '@': a}
model: {path: '@', type: '@', tags: {'@': '@'}}
environment: {image: '@', conda_file: '@', build: {path: '@', dockerfile_path: '@'}}
code_configuration: {code: '@', scoring_script: '@'}
type: '@'
x-ignore: ['@']
request_settings: {request_timeout_ms: '@', '@': 1}
liveness_probe: {'@': 1, period: '@'}
scale_settings: {type: '@'}
data_collector: {collections: {'@': {enabled: '@'}}}
x-smoke-test: {request: '@', json: '@'}
egress_public_network_access: '@'
'@': '@'
"""


USUAL_LOOP_SECONDS = 0.035
"""On the machine that the promise of two seconds was measured on, with room for a change of speed during the test."""


def loop_seconds() -> float:
    """The processor time of a million additions: shared machines run at a half or a third of their speed at times."""

    def once() -> float:
        begun, total = time.process_time(), 0
        for number in range(1_000_000):
            total += number
        return time.process_time() - begun

    return min(once() for _ in range(2))


@contextmanager
def two_seconds() -> Iterator[None]:
    """Fails when the block takes more processor time, on a machine as fast as usual; longer where a plain loop does."""

    def fail(_signal: int, _frame: object) -> None:
        raise AssertionError("more than 2 s of processor time")

    gc.freeze()  # a command starts with an empty heap: looking through that of all tests again and again takes seconds
    before = signal.signal(signal.SIGPROF, fail)
    signal.setitimer(signal.ITIMER_PROF, 2 * max(1.0, loop_seconds() / USUAL_LOOP_SECONDS))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        gc.unfreeze()


def judged(folder: Path, text: str) -> tuple[Diagnostic, ...]:
    (folder / "d.yml").write_text(text)
    with two_seconds():
        return validate_paths([folder / "d.yml"], project=folder, env=None).diagnostics


@pytest.mark.parametrize("shape", SHAPES)
def test_many_small_things_take_no_time(shape: str, tmp_path: Path) -> None:
    found = judged(tmp_path, HEAD + SHAPES[shape])
    assert found
    assert len(found) < 320


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("field", FIELDS.splitlines())
def test_long_values_take_no_time(value: str, field: str, tmp_path: Path) -> None:
    assert judged(tmp_path, HEAD + field.replace("@", VALUES[value]) + "\n")


def test_more_than_a_hundred_problems_are_said_not_shown(tmp_path: Path) -> None:
    found = judged(tmp_path, HEAD + "".join(f"k{n}: v\n" for n in range(500)))
    assert [item.code for item in found].count("too-many-problems") == 1
    assert len(found) == 101
