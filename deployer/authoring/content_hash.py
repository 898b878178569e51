"""Content hashes of folders and files, equal to those that azure-ai-ml computes before an upload.

The algorithms are those of `get_content_hash` (code) and `get_object_hash` (models) in
https://github.com/Azure/azure-sdk-for-python/blob/main/sdk/ml/azure-ai-ml/azure/ai/ml/_utils/_asset_utils.py
(hash version 202208); a test compares the results.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

MODEL_SEED = b"Initialize for october 2021 AML CLI version"
IGNORE_FILES = (".amlignore", ".gitignore")

Ignored = Callable[[Path], bool]


def code_hash(path: Path) -> str:
    """The hash of a code folder (or file) as 64 hex digits, without the files that its ignore file excludes."""
    real = path.resolve()
    files = sorted(_uploaded(real) if real.is_dir() else [(real, real.name)], key=lambda item: item[1].lower())
    digest = hashlib.sha256(str(len(files)).encode())
    for file, name in files:
        digest.update(f"#{name}#{file.stat().st_size}".encode())
    for file, _ in files:
        _add_content(digest, file)
    return digest.hexdigest()


def model_hash(path: Path) -> str:
    """The hash of a model folder or file as 64 hex digits: the `LocalUpload/<hash>` of its address."""
    digest = hashlib.sha256(MODEL_SEED)
    if path.is_dir():
        _add_folder(digest, path, ignore_rules(path))
    else:
        _add_content(digest, path)
    return digest.hexdigest()


def uploaded_files(path: Path) -> dict[str, int]:
    """The files to upload from a folder, or a single file: relative name -> bytes; empty if the path does not exist."""
    if not path.is_dir():
        return {path.name: path.stat().st_size} if path.exists() else {}
    return {name: file.stat().st_size for file, name in sorted(_uploaded(path.resolve()), key=lambda item: item[1])}


def _uploaded(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every file to upload with its name: relative, with `/`, links under their own name."""
    ignored = ignore_rules(folder)
    for root, _, names in os.walk(folder, followlinks=True):
        real = Path(root).resolve()
        for name in names:
            if not ignored(real / name):
                yield real / name, (Path(root).relative_to(folder) / name).as_posix()


def _add_folder(digest: hashlib._Hash, folder: Path, ignored: Ignored) -> None:
    for path in sorted(folder.iterdir(), key=lambda item: str(item).lower()):
        if ignored(path):
            continue
        digest.update(path.name.encode())
        real = path.resolve() if path.is_symlink() else path
        if real.is_file():
            _add_content(digest, real)
        elif real.is_dir():
            _add_folder(digest, real, ignored)


def _add_content(digest: hashlib._Hash, file: Path) -> None:
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 18):
            digest.update(chunk)


def ignore_rules(folder: Path) -> Ignored:
    """The predicate of the ignore file at the root of a folder; the last matching pattern decides."""
    file = next((folder / name for name in IGNORE_FILES if (folder / name).exists()), None)
    if file is None:
        return lambda _path: False
    from pathspec.patterns.gitwildmatch import GitWildMatchPattern

    base = file.resolve().parent
    lines = file.read_text(encoding="utf-8").splitlines()
    patterns = [GitWildMatchPattern(line.rstrip()) for line in lines]

    def ignored(path: Path) -> bool:
        name = os.path.relpath(path.absolute(), base).replace(os.sep, "/")
        matching = [item.include for item in patterns if item.include is not None and item.match_file(name)]
        return bool(matching and matching[-1])

    return ignored
