"""One spelling for names that Azure, its SDK and its YAML spell differently."""

from __future__ import annotations

import re


def snake(text: str) -> str:
    """`AMLToken`, `AmlToken` and `AML_TOKEN` as `aml_token`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text).lower()
