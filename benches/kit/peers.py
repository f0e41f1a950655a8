"""The servers under test: the table in peers.json, and starting one."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from .machine import SERVER_CPU, pinned

HERE = Path(__file__).resolve().parents[1]
BIN = Path(os.environ.get("CARGO_TARGET_DIR") or HERE / "target") / "release"
LOGS = HERE / "results" / "logs"
READY = re.compile(r"^listening on (http://\S+)\s*$", re.MULTILINE)


class PeerError(Exception):
    """A server did not start, or a measurement of it failed."""


@dataclass
class Peer:
    name: str
    suites: list[str]
    cmd: list[str] = field(default_factory=list)
    stdio: list[str] = field(default_factory=list)
    era: str = "modern"
    tool: str = "echo"
    floor: bool = False
    goals: dict[str, float] = field(default_factory=dict)
    # A server that somebody else started: --external.
    url: str = ""
    pid: int = 0

    def command(self, port: int = 0) -> list[str]:
        values = {"bin": BIN, "root": HERE.parent, "port": port}
        return [part.format(**values) for part in self.cmd or self.stdio]

    def missing(self) -> str:
        """The program that would have to be built first."""
        program = "" if self.url else self.command()[0]
        return "" if not program or os.access(program, os.X_OK) else program


def external(spec: str) -> Peer:
    """NAME=URL[,PID[,ERA]]"""
    name, _, rest = spec.partition("=")
    url, pid, era = [*rest.split(","), "", ""][:3]
    suites = ["echo", "latency", "shapes", "fanout"] + (["idle"] if pid else [])
    return Peer(name, suites, url=url, pid=int(pid or 0), era=era or "modern")


def load(only: str, externals: list[str]) -> list[Peer]:
    """The peers that were asked for. Floors are always in, since every ratio needs one."""
    table = json.loads((HERE / "peers.json").read_text())
    peers = [Peer(name, **entry) for name, entry in table.items()] + [external(spec) for spec in externals]
    if only:
        patterns = [re.compile(re.escape(p).replace(r"\*", ".*")) for p in only.split(",")]
        peers = [p for p in peers if p.floor or p.url or any(x.fullmatch(p.name) for x in patterns)]
    for peer in peers:
        if program := peer.missing():
            print(f"skipped {peer.name}: {os.path.relpath(program, HERE.parent)} is not built", flush=True)
    return [p for p in peers if not p.missing()]


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Server:
    """A peer that runs, pinned to the server's core; `with Server(peer) as server: server.url`."""

    def __init__(self, peer: Peer) -> None:
        self.peer, self.url, self.pid = peer, peer.url, peer.pid
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        if self.peer.url:
            return self
        LOGS.mkdir(parents=True, exist_ok=True)
        log = LOGS / f"{self.peer.name}.log"
        with log.open("wb") as out:
            command = pinned(SERVER_CPU, self.peer.command(free_port()))
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.pid = self.process.pid
        try:
            self.url = self.wait_ready(log)
        except BaseException:
            self.stop()
            raise
        return self

    def wait_ready(self, log: Path) -> str:
        assert self.process is not None
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if ready := READY.search(log.read_text(errors="replace")):
                return ready[1]
            if self.process.poll() is not None:
                raise PeerError(f"{self.peer.name} ended with {self.process.returncode}: {log.read_text(errors='replace')[-300:]}")
            time.sleep(0.02)
        raise PeerError(f"{self.peer.name} did not say `listening on URL` within 20 s")

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __exit__(self, *_: object) -> None:
        self.stop()
