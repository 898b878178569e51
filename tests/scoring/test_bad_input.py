"""Every mistake a client can make gets a 4xx status, a code and a sentence, and the model is not asked."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scoring.contract import MAX_BODY_BYTES, MAX_IMAGES, answer
from scoring.engines import Floats
from scoring.images import MAX_PIXELS
from scoring.refusal import ScoringRefused
from tests.scoring.bodies import body, huge_png, in_alpha_only, saved

SEVEN = (Path(__file__).resolve().parents[2] / "data" / "seven.png").read_bytes()
PHOTOGRAPH = (Path(__file__).resolve().parents[2] / "data" / "seven-photograph.jpg").read_bytes()
TEXT = b64encode(SEVEN).decode()


class NeverAsked:
    """An engine that must not be reached."""

    name = "never"

    def answers(self, pictures: Floats) -> Floats:
        raise AssertionError(f"the model was asked about {pictures.shape}")


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8))


def frames(kind: str) -> bytes:
    image = Image.open(Path(__file__).resolve().parents[2] / "data" / "seven.png").convert("RGB")
    return saved(image, kind, save_all=True, append_images=[image.transpose(Image.Transpose.ROTATE_90)], duration=100)


def of_text(text: str) -> bytes:
    return json.dumps({"data": text}).encode()


NOT_JSON: dict[str, tuple[int, str, bytes]] = {
    "empty body": (400, "not_json", b""),
    "no JSON": (400, "not_json", b"seven"),
    "JSON cut off": (400, "not_json", body(SEVEN)[:-2]),
    "two documents": (400, "not_json", body(SEVEN) + body(SEVEN)),
    "UTF-16": (400, "not_json", body(SEVEN).decode().encode("utf-16")),
    "bytes that are no UTF-8": (400, "not_json", b'{"data": "\xff\xfe"}'),
    "a form": (400, "not_json", b"data=" + TEXT.encode()),
    "nested too deep": (400, "wrong_shape", b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "a million empty lists": (400, "wrong_shape", b'{"data": [' + b"[]," * 1_000_000 + b"[]]}"),
    "a number too long": (400, "wrong_shape", b'{"data": ' + b"9" * 10_000 + b"}"),
    "the image itself": (415, "bare_image", SEVEN),
    "a photograph itself": (415, "bare_image", PHOTOGRAPH),
    "too large a body": (413, "body_too_large", b" " * (MAX_BODY_BYTES + 1)),
}
WRONG_SHAPE: dict[str, tuple[int, str, bytes]] = {
    "a list": (400, "wrong_shape", b"[]"),
    "null": (400, "wrong_shape", b"null"),
    "a text": (400, "wrong_shape", json.dumps(TEXT).encode()),
    "a number": (400, "wrong_shape", b"7"),
    "NaN": (400, "not_json", b"NaN"),
    "nested where nothing is read": (400, "wrong_shape", b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "an empty object": (400, "wrong_shape", b"{}"),
    "a very long key": (400, "wrong_shape", json.dumps({"data": TEXT, "x" * 100_000: 1}).encode()),
    "another key": (400, "wrong_shape", json.dumps({"image": TEXT}).encode()),
    "one key too many": (400, "wrong_shape", json.dumps({"data": TEXT, "probabilites": True}).encode()),
    "null data": (400, "wrong_shape", b'{"data": null}'),
    "a number as data": (400, "wrong_shape", b'{"data": 7}'),
    "true as data": (400, "wrong_shape", b'{"data": true}'),
    "an object as data": (400, "wrong_shape", json.dumps({"data": {"image": TEXT}}).encode()),
    "a number in the list": (400, "wrong_shape", json.dumps({"data": [TEXT, 7]}).encode()),
    "a list in the list": (400, "wrong_shape", json.dumps({"data": [[TEXT]]}).encode()),
    "probabilities that are no boolean": (400, "wrong_shape", json.dumps({"data": TEXT, "probabilities": 1}).encode()),
    "probabilities as text": (400, "wrong_shape", json.dumps({"data": TEXT, "probabilities": "true"}).encode()),
    "too many images": (413, "too_many_images", body(*[SEVEN] * (MAX_IMAGES + 1), as_list=True)),
}
NOT_BASE64: dict[str, tuple[int, str, bytes]] = {
    "no padding": (400, "bad_base64", of_text(TEXT.rstrip("=") + ("" if TEXT.endswith("=") else "A"))),
    "too much padding": (400, "bad_base64", of_text(TEXT + "====")),
    "padding inside": (400, "bad_base64", of_text("AA==AAAA")),
    "line breaks": (400, "bad_base64", of_text(TEXT[:76] + "\n" + TEXT[76:])),
    "a space before": (400, "bad_base64", of_text(" " + TEXT)),
    "the alphabet of URLs": (400, "bad_base64", of_text("-_" * 40)),
    "letters beyond ASCII": (400, "bad_base64", of_text("äöü" + TEXT)),
    "a lone surrogate": (400, "not_json", b'{"data": "\\ud800"}'),
    "half a byte": (400, "bad_base64", of_text("A")),
    "a data URL": (400, "data_url", of_text("data:image/png;base64," + TEXT)),
    "an empty text": (400, "empty_image", of_text("")),
}
NO_IMAGE: dict[str, tuple[int, str, bytes]] = {
    "text": (415, "not_an_image", body(b"seven")),
    "SVG": (415, "not_an_image", body(b"<svg xmlns='http://www.w3.org/2000/svg'/>")),
    "PDF": (415, "not_an_image", body(b"%PDF-1.7")),
    "TIFF": (415, "not_an_image", body(saved(Image.new("L", (28, 28)), "TIFF"))),
    "float TIFF": (415, "not_an_image", body(saved(Image.fromarray(np.eye(28, dtype=np.float32)), "TIFF"))),
    "zeros": (415, "not_an_image", body(bytes(1000))),
    "PNG signature alone": (400, "unreadable_image", body(SEVEN[:8])),
    "JPEG signature alone": (400, "unreadable_image", body(PHOTOGRAPH[:3])),
    "a truncated PNG": (400, "unreadable_image", body(SEVEN[: len(SEVEN) // 2])),
    "a truncated JPEG": (400, "unreadable_image", body(PHOTOGRAPH[: len(PHOTOGRAPH) // 2])),
    "a PNG with a wrong checksum": (400, "unreadable_image", body(SEVEN[:40] + b"\0\0\0\0" + SEVEN[44:])),
    "RIFF that is a sound": (400, "unreadable_image", body(b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(40))),
    "30000x30000 PNG": (413, "too_many_pixels", body(huge_png(30_000, 30_000))),
    "one row too many pixels": (413, "too_many_pixels", body(huge_png(4096, 4097))),
    "too many pixels together": (413, "too_many_pixels", body(SEVEN, huge_png(4096, 4096), as_list=True)),
    "a huge WebP": (413, "too_many_pixels", body(saved(Image.new("RGB", (8000, 8000)), "WEBP"))),
    "1x1 PNG": (400, "image_too_small", body(saved(Image.new("L", (1, 1), 255)))),
    "a line": (400, "image_too_small", body(saved(noise(500, 7)))),
    "an animated GIF": (415, "animated_image", body(frames("GIF"))),
    "an animated PNG": (415, "animated_image", body(frames("PNG"))),
    "an animated WebP": (415, "animated_image", body(frames("WEBP"))),
    "a black image": (400, "blank_image", body(saved(Image.new("L", (28, 28))))),
    "an almost even image": (400, "blank_image", body(saved(Image.linear_gradient("L").point([7] * 128 + [0] * 128)))),
    "white on transparent": (400, "blank_image", body(in_alpha_only(SEVEN, (255, 255, 255)))),
    "one bad image of three": (415, "not_an_image", body(SEVEN, b"text", SEVEN, as_list=True)),
}


def cases() -> list[object]:
    tables = (NOT_JSON, WRONG_SHAPE, NOT_BASE64, NO_IMAGE)
    return [pytest.param(*case, id=name) for table in tables for name, case in table.items()]


@pytest.mark.parametrize(("status", "code", "request_body"), cases())
def test_a_mistake_is_refused_and_explained(status: int, code: str, request_body: bytes) -> None:
    with pytest.raises(ScoringRefused) as refused:
        answer(request_body, NeverAsked())
    refusal = refused.value
    assert (refusal.status, refusal.code) == (status, code)
    assert refusal.body() == {"error": {"code": code, "message": refusal.message}}
    assert 10 < len(refusal.message) < 300
    assert "Traceback" not in refusal.message


def test_the_message_names_the_image_of_a_batch() -> None:
    with pytest.raises(ScoringRefused, match=r'"data"\[1\]: this is not an image'):
        answer(body(SEVEN, b"text", as_list=True), NeverAsked())


def test_the_message_does_not_repeat_the_image() -> None:
    for request_body in (of_text(TEXT + "!"), json.dumps({"data": [[TEXT]]}).encode(), of_text("data:" + TEXT)):
        with pytest.raises(ScoringRefused) as refused:
            answer(request_body, NeverAsked())
        assert TEXT[:60] not in refused.value.message


def test_the_largest_picture_that_fits_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scoring.contract.MAX_PIXELS", 28 * 28)
    with pytest.raises(AssertionError, match=r"the model was asked about \(1, 28, 28\)"):
        answer(body(SEVEN), NeverAsked())
    with pytest.raises(ScoringRefused, match="too many"):
        answer(body(SEVEN, SEVEN, as_list=True), NeverAsked())
    assert MAX_PIXELS == 4096 * 4096


def test_the_alarm_of_the_server_is_not_taken_for_a_damaged_image(monkeypatch: pytest.MonkeyPatch) -> None:
    def alarm(image: object) -> None:
        raise TimeoutError

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", alarm)
    with pytest.raises(TimeoutError):
        answer(body(SEVEN), NeverAsked())
