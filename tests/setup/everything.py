"""Starts an `everything` server the way every black-box test does, and makes sure that it is gone afterwards.

A server is any command that takes `--http ADDRESS:PORT` and prints `listening on URL` once it can be called. Only the
standard library is used, so that the conformance runner needs no environment.
"""

from __future__ import annotations

import os
import re
import selectors
import shlex
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = "target/examples/c/everything"
READY = re.compile(rb"^listening on (http://\S+)\s*$", re.MULTILINE)


class ServerError(Exception):
    """The server did not come up, or did not behave as a process."""


def command_from_environment() -> list[str]:
    """The server to test: MCP_EVERYTHING, a command line, or the C example."""
    return shlex.split(os.environ.get("MCP_EVERYTHING") or DEFAULT)


class Everything:
    """A running server; `with Everything(command) as server: server.url`."""

    def __init__(self, command: list[str], log: Path | None = None, start_within: float = 20.0) -> None:
        self.command = command
        self.log = log
        self.start_within = start_within
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Everything:
        self.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def start(self) -> None:
        program = self.command[0]
        if os.sep in program and not os.access(ROOT / program, os.X_OK):
            raise ServerError(f"{program} is missing: build it first (make examples), or name another server in MCP_EVERYTHING")
        errors = None
        if self.log is not None:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            errors = self.log.open("wb")
        try:
            # A group of its own: whatever the command starts goes down with it.
            self._process = subprocess.Popen(
                [*self.command, "--http", "127.0.0.1:0"],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        except OSError as error:
            raise ServerError(f"cannot start {shlex.join(self.command)}: {error}") from error
        finally:
            if errors is not None:
                errors.close()
        try:
            self.url = self._wait_for_line()
        except BaseException:
            self.stop()
            raise

    def _wait_for_line(self) -> str:
        assert self._process is not None and self._process.stdout is not None
        pipe, seen = self._process.stdout.fileno(), b""
        deadline = time.monotonic() + self.start_within
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while not (ready := READY.search(seen)):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise ServerError(
                        f"{shlex.join(self.command)} did not say `listening on URL` within {self.start_within:g} s; it said {seen!r}"
                    )
                chunk = os.read(pipe, 4096)
                if not chunk:
                    status = self._process.wait()
                    raise ServerError(f"{shlex.join(self.command)} ended with status {status} before it was ready; it said {seen!r}")
                seen += chunk
        return ready[1].decode()

    def died(self) -> int | None:
        """The exit status when the server ended by itself, None while it runs."""
        return self._process.poll() if self._process is not None else None

    def stop(self, within: float = 10.0) -> int | None:
        """Asks the server to end and returns its status; after `within` seconds it is killed, and None is returned."""
        process, self._process = self._process, None
        if process is None:
            return None
        status = None
        try:
            process.terminate()
            status = process.wait(within)
        except subprocess.TimeoutExpired:
            pass
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        return status
