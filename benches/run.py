#!/usr/bin/env python3
"""Measures the peers side by side, writes one JSON line per measurement, prints the tables."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from pathlib import Path

from kit import machine, peers
from kit.generator import Log
from kit.suites import SUITES
from kit.tables import Report

RESULTS = peers.HERE / "results"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--suites", default=",".join(SUITES), help="which, in this order")
    parser.add_argument("--only", default="", help="peers, comma-separated, * matches any text; floors are always in")
    parser.add_argument("--external", action="append", default=[], metavar="NAME=URL[,PID[,ERA]]", help="a server that already runs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="one measurement of load")
    parser.add_argument("--warm", type=float, default=1, help="seconds of load before the first measurement of a server")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16, 64], help="echo")
    parser.add_argument("--streams", type=int, default=10000, help="idle")
    parser.add_argument("--cycles", type=int, default=2, help="idle: how often they are opened and closed")
    parser.add_argument("--fanout", type=int, default=1000, help="streams that a broadcast reaches")
    parser.add_argument("--quiet", type=float, default=10, help="seconds to wait for a quiet machine before a measurement")
    parser.add_argument("--retries", type=int, default=2, help="repeats when others used the machine")
    parser.add_argument("--quick", action="store_true", help="one short round of everything: proves that it works, measures little")
    parser.add_argument("--out", type=Path, help="append the rows here instead of a new file in results/")
    parser.add_argument("--report", type=Path, nargs="?", const=Path(), metavar="FILE", help="only print the tables, of the newest run or of FILE")
    args = parser.parse_args()
    args.suites = args.suites.split(",")
    if unknown := set(args.suites) - set(SUITES):
        parser.error(f"no such suite: {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}")
    if args.quick:
        args.rounds, args.seconds, args.warm, args.connections = 1, 1, 0.3, [16]
        args.streams, args.fanout, args.quiet, args.retries = 1000, 200, 0, 0
    return args


def newest() -> Path:
    found = sorted(RESULTS.glob("*.jsonl"), key=lambda p: p.stat().st_mtime)
    if not found:
        sys.exit(f"no results in {RESULTS.name}/ yet")
    return found[-1]


def main() -> None:
    args = arguments()
    if args.report is not None:
        Report(newest() if args.report == Path() else args.report).print()
        return
    if not shutil.which("taskset"):
        sys.exit("taskset (util-linux) is needed to keep server and client on different cores")
    # A run that is asked to end takes its servers down on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    limit = machine.raise_file_limit()
    if max(args.streams, args.fanout) + 200 > limit:
        sys.exit(f"{args.streams} streams need more open files than the limit of {limit}: see ulimit -n, or lower --streams")
    chosen = peers.load(args.only, args.external)
    log = Log(args.out or RESULTS / time.strftime("%Y%m%d-%H%M%S.jsonl"))
    log.add(
        suite="setup",
        machine=machine.describe(peers.HERE),
        floors={p.era: p.name for p in chosen if p.floor},
        goals={p.name: p.goals for p in chosen if p.goals},
    )
    for suite in args.suites:
        SUITES[suite](args, log, [p for p in chosen if suite in p.suites])
    print()
    Report(log.path).print()


if __name__ == "__main__":
    main()
