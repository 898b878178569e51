"""Content hashes are those of the SDK, so that nothing needs to be uploaded to see that nothing changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from azure.ai.ml._utils._asset_utils import get_content_hash, get_ignore_file, get_object_hash

from deployer.authoring.content_hash import code_hash, model_hash


def folder(root: Path, ignore: str = "", ignore_file: str = ".amlignore") -> Path:
    code = root / "code"
    for name, text in {
        "score.py": "def run(): ...",
        "Zeta.txt": "z",
        "alpha.TXT": "ä",
        "deep/er/x.bin": "\0" * 5000,
        "deep/Er.py": "",
        "__pycache__/score.pyc": "cached",
        "data/big.csv": "1,2\n",
        ".hidden": "h",
    }.items():
        (code / name).parent.mkdir(parents=True, exist_ok=True)
        (code / name).write_text(text, encoding="utf-8")
    (root / "outside").mkdir()
    (root / "outside/linked.txt").write_text("linked")
    (code / "link.txt").symlink_to(root / "outside/linked.txt")
    (code / "linked").symlink_to(root / "outside", target_is_directory=True)
    if ignore:
        (code / ignore_file).write_text(ignore)
    return code


IGNORES = [
    "",
    "__pycache__\n*.csv\n",
    "# comment\n\ndeep/*\n!deep/Er.py\n",
    "/data/\n*.txt\n!alpha.TXT\n",
    "**/x.bin\n",
    "*\n",
]


@pytest.mark.parametrize("ignore", IGNORES)
@pytest.mark.parametrize("ignore_file", [".amlignore", ".gitignore"])
def test_hashes_of_folders_are_the_sdks(ignore: str, ignore_file: str, tmp_path: Path) -> None:
    code = folder(tmp_path, ignore, ignore_file)
    assert code_hash(code) == get_content_hash(code, get_ignore_file(code))
    assert model_hash(code) == get_object_hash(code, get_ignore_file(code))


def test_one_ignore_file_counts_and_amlignore_comes_first(tmp_path: Path) -> None:
    code = folder(tmp_path, "*.csv\n")
    (code / ".gitignore").write_text("*\n")
    assert code_hash(code) == get_content_hash(code, get_ignore_file(code))


def test_hashes_of_files_and_links_are_the_sdks(tmp_path: Path) -> None:
    code = folder(tmp_path)
    for path in (code / "score.py", code / "link.txt", code / "linked"):
        assert code_hash(path) == get_content_hash(path, get_ignore_file(path))
        assert model_hash(path) == get_object_hash(path, get_ignore_file(path))


def test_hashes_see_content_names_and_sizes(tmp_path: Path) -> None:
    code = folder(tmp_path)
    seen = {code_hash(code)}
    (code / "score.py").write_text("def run(): pass")
    seen.add(code_hash(code))
    (code / "score.py").rename(code / "score2.py")
    seen.add(code_hash(code))
    assert len(seen) == 3
