"""YAML 1.2 with places: what a document says, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployer.authoring.text.encoding import MAX_BYTES, read_text
from deployer.authoring.text.parse import parse
from deployer.core.errors import SpecError


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", "yes"), ("on", "on"), ("NO", "NO"), ("y", "y"), ("true", True), ("False", False), ("TRUE", True),
        ("", None), ("~", None), ("null", None), ("nil", "nil"),
        ("8", 8), ("-4", -4), ("+3", 3), ("010", "010"), ("0", 0), ("-00", "-00"), ("0o10", 8), ("0x1F", 31),
        ("1_000", "1_000"), ("12:30", "12:30"), ("2026-11-22", "2026-11-22"), ("9" * 400, "9" * 400),
        ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("1.", 1.0), (".inf", ".inf"), (".nan", ".nan"), ("1e999", "1e999"),
        ('"8"', "8"), ("'true'", "true"), ("!!str 8", "8"), ("!!int '8'", 8), ("=", "="), ("<<x", "<<x"),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(written: str, value: object) -> None:
    found = parse(f"a: {written}\n", "f").data
    assert isinstance(found, dict)
    assert found == {"a": value}
    assert type(found["a"]) is type(value)


def test_keys_are_text_as_written() -> None:
    assert parse("1: a\ntrue: b\n010: c\n", "f").data == {"1": "a", "true": "b", "010": "c"}


def test_own_keys_win_over_merged_ones_and_every_key_has_its_place() -> None:
    parsed = parse("base: &b {x: 1, y: 2}\nc:\n  <<: *b\n  y: 3\n", "f")
    assert parsed.data == {"base": {"x": 1, "y": 2}, "c": {"x": 1, "y": 3}}
    assert parsed.line_column(("c", "y")) == (4, 6)
    assert parsed.line_column(("c", "x")) == (1, 14)
    assert parsed.line_column(("c", "missing", "deeper")) == (2, 1)


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: &x [*x]\n", "yaml-alias-bomb", 1, 4),
        ("a: {b: 1\nc: 2\n", "yaml-syntax", 2, 2),
        ("a:\n\t- b\n", "yaml-syntax", 2, 1),
        ("a: b\x01\n", "yaml-syntax", 1, 5),
        ("[a]: b\n", "yaml-syntax", 1, 1),
        ("a: *nowhere\n", "yaml-syntax", 1, 4),
        ("a: 1\n---\nb: 2\n", "yaml-documents", 2, 1),
        ("<<: 3\n", "yaml-syntax", 1, 5),
        ("a: " + "[" * 100_000 + "\n", "yaml-depth", 1, 63),
        ("\n".join(" " * depth + "a:" for depth in range(1000)), "yaml-depth", 61, 61),
        ("- " * 70 + "x", "yaml-depth", 1, 121),
    ],
)
def test_what_cannot_be_read_says_where(text: str, code: str, line: int, column: int) -> None:
    with pytest.raises(SpecError) as caught:
        parse(text, "f")
    first = caught.value.diagnostics[0]
    assert (first.code, first.location.line) == (code, line)
    assert abs(first.location.column - column) <= 2


def test_bytes_that_are_not_utf8_are_named_by_position(tmp_path: Path) -> None:
    path = tmp_path / "f.yml"
    path.write_bytes(b"\xef\xbb\xbfname: x\r\nb\xc3\xa4: \xff\r\n")
    with pytest.raises(SpecError) as caught:
        read_text(path, "f.yml")
    first = caught.value.diagnostics[0]
    assert (first.code, str(first.location)) == ("file-encoding", "f.yml:2:5")
    assert "byte 15 (0xff)" in first.summary


def test_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "f.yml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    parsed = parse(read_text(path, "f.yml"), "f.yml")
    assert parsed.data == {"a": 1, "b": 2}
    assert parsed.line_column(("b",)) == (2, 4)


def test_large_and_missing_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "large.yml").write_bytes(b"#" * (MAX_BYTES + 1))
    for name, code in (("large.yml", "file-size"), ("missing.yml", "file-unreadable")):
        with pytest.raises(SpecError) as caught:
            read_text(tmp_path / name, name)
        assert caught.value.diagnostics[0].code == code
