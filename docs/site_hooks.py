"""What mkdocs needs to know of this repository: pages outside of docs/, and links to files that are no pages.

Links in the repository lead to files, so that they work where it is read; the site has copies of those files.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
PAGES = {
    "README.md": "index.md",
    **{name: name for name in ("ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")},
    **{f"deployer/authoring/{name}": name for name in ("codes.md", "findings.md", "errors.md")},
}
"""The names on the site of the pages outside of docs/."""
_LINK = re.compile(r"\[([^\]]*)\]\(([^)#:<>\s]+)((?:#[^)\s]*)?)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from outside, and every file that a page links to."""
    for source, name in PAGES.items():
        files.append(File.generated(config, name, abs_src_path=str(ROOT / source)))
    for page in list(files.documentation_pages()):
        for _, target, _ in _LINK.findall(page.content_string):
            source = _source(page.src_uri, target)
            if (ROOT / source).is_file() and files.get_file_from_path(_on_site(source)) is None:
                files.append(File.generated(config, _on_site(source), abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 -- mkdocs passes them
    """The links of a page as they lead on the site. A folder is no page, and only named."""

    def led(found: re.Match[str]) -> str:
        source = _source(page.file.src_uri, found[2])
        target = posixpath.relpath(_on_site(source), posixpath.dirname(page.file.src_uri))
        return found[1] if (ROOT / source).is_dir() else f"[{found[1]}]({target}{found[3]})"

    return _LINK.sub(led, markdown)


def _source(uri: str, target: str) -> str:
    """The path in the repository of what a page of the site links to."""
    page = next((source for source, name in PAGES.items() if name == uri), f"docs/{uri}")
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), target))


def _on_site(source: str) -> str:
    """The name on the site of a file in the repository; mkdocs passes over hidden folders, and copies are no pages."""
    if source.startswith("docs/"):
        return source.removeprefix("docs/")
    copy = f"files/{source.replace('/.', '/').lstrip('.')}"
    return PAGES.get(source, f"{copy}.txt" if copy.endswith(".md") else copy)
