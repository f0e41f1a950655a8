"""Reading rows back: medians, and ratios of measurements of the same round."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Value = Callable[[Row], float]

# Foreign CPU, in cores, above which a row is left out where calmer ones exist.
DIRTY = 0.15


def read(path: Path) -> dict[str, list[Row]]:
    """The rows of each suite."""
    suites: dict[str, list[Row]] = defaultdict(list)
    for line in path.read_text().splitlines():
        row = json.loads(line)
        suites[row["suite"]].append(row)
    return suites


def usable(row: Row) -> bool:
    """Whether a row's numbers stand for right answers: some came, and at most one in a hundred was wrong."""
    if isinstance(row.get("failed"), str):
        return False
    answered = row.get("requests", row.get("delivered", 1))
    return answered > 0 and row.get("errors", 0) * 100 <= answered


def group(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> dict[Any, list[Row]]:
    """The usable rows by key."""
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        if usable(row):
            groups[key(row)].append(row)
    return groups


def names(rows: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(row["peer"] for row in rows))


def calm(rows: list[Row]) -> list[Row]:
    """Without the rows that others disturbed, unless all were."""
    return [r for r in rows if (r.get("foreign_share") or 0) <= DIRTY] or rows


def median(rows: list[Row], value: Value) -> float | None:
    values = [value(r) for r in calm(rows)]
    return statistics.median(values) if values else None


def ratios(rows: list[Row], floor: list[Row], value: Value) -> list[float]:
    """Row over floor, round by round; disturbed rounds are left out, unless all were."""
    by_round = {r["round"]: r for r in floor}
    pairs = [(r, by_round[r["round"]]) for r in rows if r["round"] in by_round and value(by_round[r["round"]])]
    clean = [p for p in pairs if all((r.get("foreign_share") or 0) <= DIRTY for r in p)]
    return [value(a) / value(b) for a, b in clean or pairs]


def spread(values: list[float], digits: int = 2) -> str | None:
    """`median (min to max)`"""
    if not values:
        return None
    middle = f"{statistics.median(values):.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):.{digits}f} to {max(values):.{digits}f})"
