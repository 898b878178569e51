"""open: the page of an endpoint, in Azure ML studio or of the local workspace."""

from __future__ import annotations

import click

from deployer.commands.console import Console
from deployer.workspaces import Request, page_of


def open_page(request: Request, console: Console, *, only_print: bool) -> int:
    """Print the address of the page, and open it in a browser where there is one."""
    address = page_of(request, console)
    console.out(address)
    if not only_print and click.launch(address) != 0:
        console.err("There is no browser here: open the address in yours.")
    return 0
