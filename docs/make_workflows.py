"""Writes this repository's own workflows from the templates of `deployer init`: `python docs/make_workflows.py`.

They install what is locked here, where others install a release. A test checks that they are current.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from deployer.authoring.pipelines import Platform, pipeline_files  # noqa: E402

INSTALL = """python -m pip install --quiet --require-hashes --requirement requirements/runtime.txt
python -m pip install --quiet --no-deps --no-build-isolation .
"""
ENVS = ("dev", "prod")


def workflows() -> dict[str, str]:
    """The workflows by their paths."""
    return dict(pipeline_files(Platform.GITHUB, ENVS, INSTALL))


if __name__ == "__main__":
    for file, text in workflows().items():
        (ROOT / file).write_text(text, encoding="utf-8")
