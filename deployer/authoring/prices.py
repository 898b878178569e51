"""The project's own table of prices, for the difference that a plan makes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from deployer.authoring.text.encoding import read_text
from deployer.authoring.text.parse import parse
from deployer.core.errors import UsageError
from deployer.core.prices import Prices

FILE = "prices.yml"


def load_prices(project: Path) -> Prices | None:
    """The table in `prices.yml` of a project; None without that file. Raises SpecError or UsageError for a bad one."""
    file = project / FILE
    if not file.is_file():
        return None
    found = parse(read_text(file, FILE), FILE).data
    match found:
        case {"currency": str(currency), "per_hour": Mapping() as prices} if _are_numbers(prices):
            per_hour = {str(size).lower(): float(price) for size, price in prices.items()}
            return Prices(currency=currency, per_hour=per_hour)
        case _:
            hint = "Write `currency: EUR`, and `per_hour:` with a number for each VM size."
            raise UsageError(f"{FILE} is not a table of prices", hint=hint)


def _are_numbers(prices: Mapping[object, object]) -> bool:
    return all(isinstance(price, int | float) and not isinstance(price, bool) for price in prices.values())
