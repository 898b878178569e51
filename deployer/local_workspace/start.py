"""Starts the local workspace for another program, as `up` does for people: every command of the deployer waits for it.

`python -m deployer.local_workspace.start ROOT` prints where it is as JSON, and whether it was started just now.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from deployer.local_workspace.command_errors import CommandError, os_errors_explained
from deployer.local_workspace.commands import background
from deployer.local_workspace.files.paths import Home


def main(root: str) -> int:
    """Start it unless it is running. The exit code is 1 for what its user can do something about."""
    try:
        with os_errors_explained("starting the local workspace"):
            found, fresh = background.start(Home(root=Path(root).absolute()), [])
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(found | {"started": fresh}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
