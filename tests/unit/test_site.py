"""The documentation as a site: it builds without a warning, reads nothing from elsewhere, and has every page."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def build(root: Path, site: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(root / "mkdocs.yml")]
    return subprocess.run(
        [*command, "--site-dir", str(site)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(ROOT, folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_there_and_every_code_has_its_place(site: Path) -> None:
    for page in (ROOT / "docs").glob("*.md"):
        assert (site / page.stem / "index.html").is_file()
    assert 'id="smoketestfailed"' in (site / "errors" / "index.html").read_text()
    assert 'id="not-ours"' in (site / "findings" / "index.html").read_text()
    assert 'id="deployer-apply"' in (site / "commands" / "index.html").read_text()


def test_nothing_of_a_page_comes_from_elsewhere(site: Path) -> None:
    loaded = re.compile(
        r'<(?:script|img|source|iframe)\b[^>]*\ssrc="(https?:[^"]*)"|<link\b[^>]*\shref="(https?:[^"]*)"'
    )
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 15
    assert [found for page in pages for found in loaded.findall(page.read_text())] == []


def test_a_link_that_leads_nowhere_stops_the_build(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(
        ROOT, copy, ignore=shutil.ignore_patterns(".*", "build", "tests", "bench", "__pycache__", "*.keras")
    )
    for link in ("nowhere.md", "../scoring/nowhere.py", "guide.md#nowhere"):
        page = copy / "docs" / "compare.md"
        written = page.read_text()
        page.write_text(f"{written}\n[nowhere]({link})\n")
        done = build(copy, tmp_path / "site")
        assert done.returncode != 0, link
        assert "nowhere" in done.stderr
        page.write_text(written)
