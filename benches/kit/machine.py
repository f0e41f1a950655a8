"""The machine: which cores are used, whether others leave it alone, and what it is."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import time
from pathlib import Path

SERVER_CPU = os.environ.get("SERVER_CPU", "0")
CLIENT_CPU = os.environ.get("CLIENT_CPU", "1")


def pinned(core: str, command: list[str]) -> list[str]:
    return ["taskset", "-c", core, *command]


def busy_ticks() -> int:
    """Ticks (1/100 s) that all cores together were busy."""
    first = Path("/proc/stat").read_text().split("\n", 1)[0]
    user, nice, system, _idle, _iowait, irq, softirq = (int(n) for n in first.split()[1:8])
    return user + nice + system + irq + softirq


def wait_quiet(limit: float, share: float = 0.15) -> None:
    """Waits, at most `limit` seconds, until others use less than `share` of a core."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        before = busy_ticks()
        time.sleep(0.5)
        if (busy_ticks() - before) / 50 < share:
            return


def raise_file_limit() -> int:
    """10 000 streams are 10 000 sockets on either side; children inherit the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def describe(here: Path) -> dict[str, object]:
    models = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "cpu": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "rustc": output("rustc", "--version"),
        "revision": output("git", "-C", str(here), "describe", "--always", "--dirty"),
    }
