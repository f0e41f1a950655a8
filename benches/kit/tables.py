"""Markdown tables from the rows of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .results import Row, calm, group, median, names, ratios, read, spread


def number(value: Any, digits: int = 1) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def table(title: str, head: list[str], rows: list[list[Any]]) -> None:
    print(f"### {title}\n")
    print("| " + " | ".join(head) + " |")
    print("|" + "|".join("---" if i == 0 else "---:" for i in range(len(head))) + "|")
    for row in rows:
        print("| " + " | ".join(number(cell) for cell in row) + " |")
    print()


def failures(rows: list[Row]) -> None:
    """What went wrong, said once per peer and reason."""
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        reasons = [row["failed"]] if isinstance(row.get("failed"), str) else []
        reasons += [*(row.get("error_samples") or {}), *(row.get("call_errors") or []), *(row.get("failure_samples") or [])]
        for cycle in row.get("cycles") or []:
            reasons += cycle["failure_samples"]
        for reason in (" ".join(text.split())[:120] for text in reasons):
            seen[row["peer"], reason] = seen.get((row["peer"], reason), 0) + 1
    for (peer, reason), times in seen.items():
        print(f"- {peer}: {reason} (in {times} rows)")
    if seen:
        print()


def cpu(row: Row) -> float:
    return float(row["server_cpu_us"] or 0)


class Report:
    def __init__(self, path: Path) -> None:
        self.suites = read(path)
        setup = self.suites["setup"][-1] if self.suites["setup"] else {}
        self.floors: dict[str, str] = setup.get("floors", {})
        self.goals: dict[str, dict[str, float]] = setup.get("goals", {})
        self.machine: Row = setup.get("machine", {})

    def floor(self, row: Row) -> str:
        return self.floors.get(row["era"], "")

    def print(self) -> None:
        if self.machine:
            print("## " + ", ".join(f"{v} cores" if k == "cores" else str(v) for k, v in self.machine.items() if v) + "\n")
        for suite in ("echo", "latency", "shapes", "idle", "fanout", "stdio"):
            if rows := self.suites[suite]:
                getattr(self, suite)(rows)
                failures(rows)

    def echo(self, rows: list[Row]) -> None:
        groups = group(rows, lambda r: (r["peer"], r["connections"]))
        counts = sorted({c for _, c in groups})
        body, rates = [], []
        for name in names(rows):
            line: list[Any] = [name]
            for c in counts:
                own = groups[name, c]
                floor = groups[self.floor(own[0]), c] if own else []
                line += [median(own, cpu), spread(ratios(own, floor, cpu))]
            line += [self.goals.get(name, {}).get("echo"), sum(r.get("errors", 0) for r in rows if r["peer"] == name)]
            body.append(line)
            closed: list[Any] = [name]
            for c in counts:
                own = groups[name, c]
                closed += [median(own, lambda r: r["rps"]), median(own, lambda r: r["client_share"])]
            rates.append(closed + [own[0]["reply"] if own else None])
        head = [h for c in counts for h in (f"us, C={c}", "x floor")]
        table("`tools/call` echo: server CPU per call, ratio to the floor of the same era and round: median (min to max)", ["peer", *head, "goal", "errors"], body)
        head = [h for c in counts for h in (f"calls/s, C={c}", "client core")]
        table("Closed-loop rate (a lower bound where the client's core is full)", ["peer", *head, "reply"], rates)

    def latency(self, rows: list[Row]) -> None:
        groups = group(rows, lambda r: (r["pair"], r["peer"]))
        body = []
        for name in dict.fromkeys(pair for pair, _ in groups):
            own = groups[name, name]
            floor = groups[name, self.floor(own[0])] if own else []
            line: list[Any] = [name, median(own, lambda r: r["rate"])]
            for p in ("p50_us", "p95_us"):
                value = lambda r, p=p: r["latency"][p]
                line += [median(floor, value), median(own, value), spread(ratios(own, floor, value))]
            body.append(line + [self.goals.get(name, {}).get("latency")])
        head = ["peer", "calls/s", "floor p50 us", "p50 us", "x floor", "floor p95 us", "p95 us", "x floor", "goal p95"]
        table("Latency at half of the peer's closed-loop rate, 16 connections, paced arrivals", head, body)

    def shapes(self, rows: list[Row]) -> None:
        def kind(r: Row) -> str:
            return f"{r['tool']} {r['size'] // 1024} KiB" if r.get("size") else {"list": "tools/list", "progress": "progress x 10"}.get(r["tool"], r["tool"])

        groups = group(rows, lambda r: (r["peer"], kind(r)))
        kinds = list(dict.fromkeys(k for _, k in groups))
        body = []
        for name in names(rows):
            line: list[Any] = [name]
            for k in kinds:
                own = groups[name, k]
                floor = groups[self.floor(own[0]), k] if own else []
                line += [median(own, cpu), spread(ratios(own, floor, cpu)), median(own, lambda r: float(round(r["body_bytes"])))]
            body.append(line)
        head = [h for k in kinds for h in (f"{k}, us", "x floor", "bytes")]
        table("Other requests, 16 connections: server CPU per request", ["peer", *head], body)

    def idle(self, rows: list[Row]) -> None:
        body = []
        for r in (r for r in rows if "cycles" in r):
            c = r["cycles"]
            body.append([
                r["peer"], f"{min(x['opened'] for x in c):,} of {r['wanted']:,}", r["rss_base_kib"] / 1024,
                *(" / ".join(number(x[k], 2) for x in c) for k in ("kib_each",)),
                number(c[-1]["kib_each"] - c[0]["kib_each"], 2) if len(c) > 1 else None,
                " / ".join(number(x["rss_closed_kib"] / 1024) for x in c),
                " / ".join(number(x["tasks_each"], 3) for x in c), " / ".join(number(x["tasks_left"]) for x in c),
                c[0]["open_cpu_us_each"], number(c[0]["idle_cpu_share"], 4),
            ])
        head = ["peer", "streams", "base MiB", "KiB per stream, by cycle", "growth KiB", "closed MiB, by cycle", "tasks per stream", "tasks left", "CPU us to open", "idle CPU share"]
        table("Idle event streams: resident memory and tasks", head, body)

    def fanout(self, rows: list[Row]) -> None:
        groups = group(rows, lambda r: (r["peer"], r["wanted"]))
        body = []
        for (name, wanted), own in groups.items():
            own = calm(own)
            floor = groups.get((self.floor(own[0]), wanted), [])
            last = median(own, lambda r: r["last_delivery"]["p50_us"] / 1000)
            body.append([
                name, f"{min(r['streams'] for r in own):,} of {wanted:,}", number(median(own, cpu), 2), spread(ratios(own, floor, cpu)),
                number(last, 2), sum(r["missing"] for r in own), sum(r["strays"] for r in own),
            ])
        table("One `broadcast` to every stream: server CPU per delivery", ["peer", "streams", "us", "x floor", "last one has it after, ms", "missing", "strays"], body)

    def stdio(self, rows: list[Row]) -> None:
        groups = group(rows, lambda r: (r["peer"], r["era"], r["depth"]))
        body = []
        for (name, era, depth), own in groups.items():
            body.append([
                name, era, depth, median(own, cpu), spread(ratios(own, groups.get(("rmcp-stdio", era, depth), []), cpu)),
                median(own, lambda r: r["rps"]), median(own, lambda r: r["latency"]["p50_us"]),
            ])
        table("stdio: server CPU per call", ["peer", "era", "in flight", "us", "x rmcp", "calls/s", "p50 us"], body)
