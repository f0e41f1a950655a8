"""The suites. Peers take turns within a round and rounds repeat (A B C A B C), so that a slow spell of the machine falls
on all of them, and a ratio compares two measurements that are seconds apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from .generator import Log, Row, generate, measure
from .machine import SERVER_CPU, pinned, wait_quiet
from .peers import Peer, PeerError, Server

WARM_UP = 0.5


@contextmanager
def running(peers: list[Peer], log: Log, suite: str, turn: int) -> Iterator[list[Server]]:
    """All peers of a round at once; the ones that wait for their turn are idle."""
    with ExitStack() as stack:
        servers = []
        for peer in peers:
            try:
                servers.append(stack.enter_context(Server(peer)))
            except PeerError as error:
                log.add(suite=suite, peer=peer.name, round=turn, failed=str(error))
        yield servers


def base(server: Server) -> Row:
    return {"url": server.url, "era": server.peer.era, "pid": server.pid}


def turns(args: Any, log: Log, suite: str, peers: list[Peer], points: Callable[[Peer], list[Row]]) -> None:
    """Every point of every peer, once per round."""
    for turn in range(args.rounds):
        with running(peers, log, suite, turn) as servers:
            for server in servers:
                warm(args, server)
            count = max((len(points(p)) for p in peers), default=0)
            for i in range(count):
                for server in servers:
                    if i >= len(points(server.peer)):
                        continue
                    point = points(server.peer)[i]
                    try:
                        row = measure(args, "load", {**base(server), **point, "warmup": WARM_UP, "duration": args.seconds})
                        log.add(suite=suite, peer=server.peer.name, round=turn, **row, size=point.get("size"))
                    except PeerError as error:
                        log.add(suite=suite, peer=server.peer.name, round=turn, **point, failed=str(error))


def warm(args: Any, server: Server) -> None:
    """Warms allocators, caches and a just-in-time compiler; a failure shows in the measurement that follows."""
    try:
        generate("load", {**base(server), "tool-name": server.peer.tool, "warmup": args.warm, "duration": 0.1})
    except PeerError:
        pass


def echo(args: Any, log: Log, peers: list[Peer]) -> None:
    """CPU per tools/call."""
    turns(args, log, "echo", peers, lambda p: [{"connections": c, "tool-name": p.tool} for c in args.connections])


def shapes(args: Any, log: Log, peers: list[Peer]) -> None:
    """Other requests: progress, tools/list, a large message."""
    points: list[Row] = [
        {"connections": 16, "tool": "progress", "n": 10},
        {"connections": 16, "tool": "list"},
        {"connections": 16, "tool": "echo", "size": 65536},
    ]
    turns(args, log, "shapes", peers, lambda _: points)


def latency(args: Any, log: Log, peers: list[Peer]) -> None:
    """Latency at half of what the peer sustains in a closed loop, next to its floor at the same rate."""
    floors = {p.era: p for p in peers if p.floor}
    rates: dict[str, float] = {}
    for turn in range(args.rounds):
        with running(peers, log, "latency", turn) as servers:
            for server in servers:
                warm(args, server)
            by_name = {s.peer.name: s for s in servers}
            for server in servers:
                floor = floors.get(server.peer.era)
                if server.peer.floor or floor is None or floor.name not in by_name:
                    continue
                pair = [by_name[floor.name], server]
                try:
                    pace(args, log, turn, pair if turn % 2 == 0 else pair[::-1], server, rates)
                except PeerError as error:
                    log.add(suite="latency", peer=server.peer.name, round=turn, failed=str(error))


def pace(args: Any, log: Log, turn: int, order: list[Server], server: Server, rates: dict[str, float]) -> None:
    name = server.peer.name
    flags = {"connections": 16, "warmup": WARM_UP}
    if name not in rates:
        full = generate("load", {**base(server), **flags, "tool-name": server.peer.tool, "duration": 1.5})
        if full["errors"] or not full["requests"]:
            raise PeerError(f"no clean closed loop: {full['error_samples']}")
        rates[name] = round(full["rps"] / 2)
    for one in order:
        paced = {"tool-name": one.peer.tool, "rate": rates[name], "duration": args.seconds}
        row = measure(args, "load", {**base(one), **flags, **paced})
        log.add(suite="latency", peer=one.peer.name, round=turn, pair=name, **row)


def streams(args: Any, log: Log, suite: str, peers: list[Peer], count: int, flags: Row, rounds: int) -> None:
    """Streams fill a server's memory, so each peer has the machine to itself, and starts afresh."""
    for turn in range(rounds):
        for peer in peers:
            wait_quiet(args.quiet)
            try:
                with Server(peer) as server:
                    row = generate(suite, {**base(server), "streams": count, **flags})
                    log.add(suite=suite, peer=peer.name, round=turn, wanted=count, **row)
            except PeerError as error:
                log.add(suite=suite, peer=peer.name, round=turn, wanted=count, failed=str(error))


def idle(args: Any, log: Log, peers: list[Peer]) -> None:
    """Memory and tasks per idle stream."""
    streams(args, log, "idle", peers, args.streams, {"cycles": args.cycles}, rounds=1)


def fanout(args: Any, log: Log, peers: list[Peer]) -> None:
    """One notification to all."""
    streams(args, log, "fanout", peers, args.fanout, {"rounds": 20}, rounds=args.rounds)


def stdio(args: Any, log: Log, peers: list[Peer]) -> None:
    """tools/call over pipes, one and sixteen in flight."""
    for turn in range(args.rounds):
        for era in ("modern", "legacy"):
            for depth in (1, 16):
                for peer in peers:
                    flags = {"era": era, "depth": depth, "warmup": WARM_UP, "duration": args.seconds}
                    try:
                        row = measure(args, "stdio", flags, pinned(SERVER_CPU, peer.command()))
                        log.add(suite="stdio", peer=peer.name, round=turn, **row)
                    except PeerError as error:
                        log.add(suite="stdio", peer=peer.name, round=turn, era=era, depth=depth, failed=str(error))


SUITES: dict[str, Callable[[Any, Log, list[Peer]], None]] = {
    "echo": echo,
    "latency": latency,
    "shapes": shapes,
    "idle": idle,
    "fanout": fanout,
    "stdio": stdio,
}
