"""Runs mcpload and keeps what it says."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from .machine import CLIENT_CPU, pinned, wait_quiet
from .peers import BIN, PeerError

Row = dict[str, Any]

# Foreign CPU, in cores, above which a point is measured again.
DISTURBED = 0.1


def generate(mode: str, flags: Row, command: list[str] | None = None, limit: float = 590) -> Row:
    """One run of mcpload on the client's core."""
    line = pinned(CLIENT_CPU, [str(BIN / "mcpload"), mode])
    for key, value in flags.items():
        line += [f"--{key}", str(value)]
    if command:
        line += ["--", *command]
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=limit)
        row: Row = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise PeerError(f"mcpload {mode}: no result in {limit:g} s") from None
    except json.JSONDecodeError:
        raise PeerError(f"mcpload {mode}: {(done.stdout + done.stderr)[-300:]}") from None
    if isinstance(row.get("failed"), str):
        raise PeerError(row["failed"])
    return row


def measure(args: Any, mode: str, flags: Row, command: list[str] | None = None) -> Row:
    """A run that is taken again while others use the machine; the calmest one counts."""
    best: Row = {}
    for _ in range(1 + args.retries):
        wait_quiet(args.quiet)
        row = generate(mode, flags, command)
        if not best or (row.get("foreign_share") or 0) < (best.get("foreign_share") or 0):
            best = row
        if (row.get("foreign_share") or 0) <= DISTURBED:
            break
    return best


class Log:
    """The rows of one run, a JSON line each, written as they come."""

    SHOWN = ("suite", "peer", "round", "connections", "tool", "rate", "server_cpu_us", "rps", "foreign_share", "failed")

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.file = path.open("a")

    def add(self, **row: Any) -> None:
        self.file.write(json.dumps(row) + "\n")
        self.file.flush()
        shown = " ".join(f"{k}={row[k]}" for k in self.SHOWN if row.get(k) is not None)
        print(time.strftime("%H:%M:%S"), shown, flush=True)
