"""scikit-learn models in pickle and joblib files: texts in them are found, nothing is unpickled.

Opcodes: https://github.com/python/cpython/blob/main/Lib/pickletools.py
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any

_MEMO = rb"(?:\x94|q.|r.{4})?"
_VERSION = re.compile(rb"_sklearn_version" + _MEMO + rb"(?:\x8c.|X.{4})(\d+\.\d+(?:\.[0-9a-z]+)*)", re.DOTALL)
_FEATURES = re.compile(rb"n_features_in_" + _MEMO + rb"(K.|M.{2}|J.{4})", re.DOTALL)
_SIZES = {1: "<B", 2: "<H", 4: "<i"}
_PACKED: Mapping[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": gzip.decompress,
    b"BZ": bz2.decompress,
    b"\xfd7": lzma.decompress,
    b"\x78": zlib.decompress,
}
"""How joblib compresses, by the first bytes of a file."""


def read_sklearn(content: bytes) -> tuple[str, Mapping[str, Any] | None]:
    """The version of scikit-learn in a pickle, and a request with one row. Raises ValueError for another file."""
    plain = _unpacked(content)
    if b"sklearn" not in plain:
        raise ValueError("it does not mention scikit-learn")
    version, features = _VERSION.search(plain), _FEATURES.search(plain)
    row = [0.0] * _number(features[1]) if features else None
    return version[1].decode() if version else "", {"data": [row]} if row else None


def _unpacked(content: bytes) -> bytes:
    for start, unpack in _PACKED.items():
        if content.startswith(start):
            try:
                return unpack(content)
            except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
                raise ValueError("it is compressed, and damaged") from error
    return content


def _number(opcode: bytes) -> int:
    """The integer of BININT1, BININT2 or BININT."""
    found: int = struct.unpack(_SIZES[len(opcode) - 1], opcode[1:])[0]
    return found
