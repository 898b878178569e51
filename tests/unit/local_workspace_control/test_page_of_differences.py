"""docs/local-workspace.md names every refusal with its source, and every member of a fault."""

from __future__ import annotations

from pathlib import Path

from deployer.local_workspace.control import refusals
from deployer.local_workspace.control.envelopes import RefusalRule
from deployer.local_workspace.control.monitor import monitor_refusals

PAGE = (Path(__file__).parents[3] / "docs" / "local-workspace.md").read_text()


def test_every_refusal_is_on_the_page() -> None:
    for row in (vars(refusals) | vars(monitor_refusals)).values():
        if isinstance(row, RefusalRule):
            source = f"[source]({row.source})" if row.source else "assumption"
            assert f"| {row.when} | {row.status} | `{row.code}` | {source} | {row.wording} |" in PAGE
