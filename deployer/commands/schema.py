"""schema: the JSON Schemas of specs, which editors use to complete and to check them."""

from __future__ import annotations

import json
from pathlib import Path

from deployer.commands.console import Console
from deployer.commands.files import make_folder, write_whole
from deployer.core.errors import UsageError
from deployer.core.fields import SCHEMAS, schema_of, schema_text


def schema(name: str | None, out: Path | None, console: Console) -> int:
    """Print one schema without references to the others, or write all of them into a folder. Raises UsageError."""
    if bool(name) == bool(out):
        raise UsageError("say which schema to print", hint=f"Name one of {', '.join(SCHEMAS)}, or pass --out FOLDER.")
    if name and name not in SCHEMAS:
        raise UsageError(f"there is no schema {name}", hint=f"There are {', '.join(SCHEMAS)}.")
    if out is None:
        console.out(json.dumps(schema_of(str(name)), indent=2, ensure_ascii=False))
        return 0
    make_folder(out)
    for each in SCHEMAS:
        file = out / f"{each}.schema.json"
        write_whole(file, schema_text(each))
        console.out(f"wrote {file}")
    return 0
