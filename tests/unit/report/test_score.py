"""Answers in words: a prediction, and every status of the data plane with its way out."""

from __future__ import annotations

import json

import pytest

from deployer.core.statistics import summary
from deployer.core.workspace import Answer
from deployer.report.answers import MEANINGS, measurement_text, score_text, scored


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, body=body, milliseconds=12.0, deployment="blue", headers=named)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"7", "7"),
        (b'"7"', "7"),
        (b'"[7, 1]"', "[7, 1]"),
        (b"[7, 1]", "[7, 1]"),
        (b'{"label": 7}', '{"label": 7}'),
        (b"plain text", "plain text"),
        (b"\xff", "\ufffd"),
        (b'"seven"', '"seven"'),
        (b"\x1b[31mred", "red"),
    ],
)
def test_a_prediction_is_shown_as_it_is(body: bytes, shown: str) -> None:
    assert score_text(scored(answer(200, body))).splitlines() == [shown, "deployment blue answered in 12 ms"]


@pytest.mark.parametrize("status", MEANINGS)
def test_every_known_status_has_words_and_a_way_out(status: int) -> None:
    lines = score_text(scored(answer(status))).splitlines()
    assert lines[0] == f"error: {status}: {MEANINGS[status][0]}"
    assert len(lines) == 3
    assert "DEPLOYMENT" not in lines[1]


@pytest.mark.parametrize("status", [201, 204, 302, 418, 599])
def test_an_unknown_status_is_no_prediction(status: int) -> None:
    result = scored(answer(status, b"teapot"))
    assert not result.ok
    assert result.problem == f"{status}: the endpoint did not answer with a prediction (teapot)"


@pytest.mark.parametrize(
    ("model_status", "body", "problem"),
    [
        (
            "400",
            b'{"error": {"code": "BadImage", "message": "not an image"}}',
            "refused the request with 400: not an image",
        ),
        ("500", b"boom", "the model failed with 500: boom"),
        ("500", b"", "the model failed with 500: it gave no reason"),
        ("", b"", "the model failed: it gave no reason"),
        ("422", b'{"detail": 1}', 'refused the request with 422: {"detail": 1}'),
    ],
)
def test_424_is_told_as_what_the_model_said(model_status: str, body: bytes, problem: str) -> None:
    headers = {"Ms_AzureML_Model_Error_StatusCode": model_status} if model_status else {}
    result = scored(answer(424, body, **headers))
    assert result.problem.endswith(problem)
    assert ("deployer logs blue" in result.hint) is (not model_status.startswith("4"))


def test_the_reason_of_the_front_is_given_where_the_model_says_nothing() -> None:
    result = scored(
        answer(424, b"", ms_azureml_model_error_statuscode="502", ms_azureml_model_error_reason="not_ready")
    )
    assert result.problem == "the model failed with 502: not_ready"


def test_a_key_in_an_answer_is_masked() -> None:
    body = json.dumps({"you": "sent", "key": "the-endpoint-key"}).encode()
    assert "the-endpoint-key" not in score_text(scored(answer(200, body), secrets=frozenset({"the-endpoint-key"})))


def test_a_measurement_without_an_answer_is_errors_alone() -> None:
    text = measurement_text(summary([], 0.0), concurrency=1)
    assert text == "0 requests, 1 at a time, in <0.1 s: 0.0 answers per second\n"
