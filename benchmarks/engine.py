"""What a sample costs: Assay beside its peers, on one fast local server, in one process tree.

``python -m benchmarks.engine --peers FOLDER`` prints Markdown tables. The client has one core to
itself and the server another. CPU per sample is the difference between a long run and a short one,
so that start-up does not count; each run is repeated, and the least of its costs is taken, since
whatever else the machine does can only add to them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.contestants import ASSAY, FLOOR, Contestant, Peers, assay_program, environment
from benchmarks.processes import Cores, Cost, Program, cost_of, split_cores
from benchmarks.server import Count, Server, running

SHORT, LONG = 2_000, 10_000
CONNECTIONS = 100
LATENCY = 0.2  # seconds
FULL_RATES = ((100, 2_000, 10_000), (1_000, 20_000, 50_000))
"""Connections, and the samples of a short and a long run, at that latency."""


class Measured(NamedTuple):
    """One run: what it cost, and what the server saw of it."""

    cost: Cost
    seen: Count


def main() -> None:
    options = _options()
    cores = split_cores()
    contestants = [ASSAY, FLOOR]
    if options.peers:
        peers = Peers(options.peers)
        contestants += [peers.inspect(), peers.lm_eval()]
    if "cpu" in options.parts:
        with running(cores.server) as server:
            print(cpu_table(contestants, server, options.repeat), flush=True)
    if "latency" in options.parts:
        print(latency_table([ASSAY, FLOOR], cores, options.repeat), flush=True)
    if "start" in options.parts:
        with running(cores.server) as server:
            print(start_table(server, options.repeat), flush=True)


def cpu_table(contestants: Sequence[Contestant], server: Server, repeat: int) -> str:
    """CPU a sample at the margin, and what whole processes take."""
    rows = []
    margins: dict[str, float] = {}
    for each in contestants:
        short = _least(each, server, SHORT, CONNECTIONS, repeat)
        long = _least(each, server, LONG, CONNECTIONS, repeat)
        margins[each.name] = (long.cpu - short.cpu) / (LONG - SHORT)
        rows.append((each.name, margins[each.name], short, long))
    lines = [
        f"CPU a sample: {LONG:,} less {SHORT:,} samples, {CONNECTIONS} connections, instant "
        f"replies; the least of {repeat}.\n",
        "| | CPU a sample | beside Assay | whole process: CPU, wall at "
        f"{SHORT:,} | at {LONG:,} | peak memory |",
        "|---|---|---|---|---|---|",
    ]
    for name, margin, short, long in rows:
        ratio = margin / margins[ASSAY.name]
        lines.append(
            f"| {name} | {margin * 1e3:.3f} ms | {ratio:.2f} | {_times(short)} | {_times(long)} | "
            f"{short.peak / 1e6:.0f} / {long.peak / 1e6:.0f} MB |"
        )
    return "\n".join(lines) + "\n"


def latency_table(contestants: Sequence[Contestant], cores: Cores, repeat: int) -> str:
    """How much of the ideal rate is reached when every reply takes a while."""
    lines = [
        f"Requests a second where each takes {LATENCY * 1e3:.0f} ms; the best of {repeat}.\n",
        "| | connections | ideal | request phase, short and long run | at the margin | "
        "whole process, long run | CPU a sample at the margin |",
        "|---|---|---|---|---|---|---|",
    ]
    for connections, short_number, long_number in FULL_RATES:
        ideal = connections / LATENCY
        for each in contestants:
            with running(cores.server, LATENCY * 1e3) as server:
                short = _quickest(each, server, short_number, connections, repeat)
                long = _quickest(each, server, long_number, connections, repeat)
            more = long_number - short_number
            marginal = more / (long.seen.seconds - short.seen.seconds)
            cpu = (long.cost.cpu - short.cost.cpu) / more
            cells = (
                each.name,
                f"{connections:,}",
                f"{ideal:,.0f}",
                f"{_of(short_number / short.seen.seconds, ideal)}, "
                f"{_of(long_number / long.seen.seconds, ideal)}",
                _of(marginal, ideal),
                _of(long_number / long.cost.wall, ideal),
                f"{cpu * 1e3:.3f} ms",
            )
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def start_table(server: Server, repeat: int) -> str:
    """How long the small things take from start to end."""
    repeat = max(repeat, 5)
    runs = [_measure(ASSAY, server, 50, CONNECTIONS).cost for _ in range(repeat)]
    helped = Program(assay_program("--help"), environment(server.url), Path())
    helps = [cost_of(helped) for _ in range(repeat)]
    lines = [
        f"Start to end: median (and least) of {repeat}.\n",
        "| | wall | CPU |",
        "|---|---|---|",
    ]
    for name, costs in (("`assay run`, 50 samples", runs), ("`assay --help`", helps)):
        wall, cpu = sorted(c.wall for c in costs), sorted(c.cpu for c in costs)
        middle = repeat // 2
        cells = [f"{each[middle]:.2f} s ({each[0]:.2f})" for each in (wall, cpu)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _least(
    contestant: Contestant, server: Server, number: int, connections: int, repeat: int
) -> Cost:
    costs = [_measure(contestant, server, number, connections).cost for _ in range(repeat)]
    return min(costs, key=lambda cost: cost.cpu)


def _quickest(
    contestant: Contestant, server: Server, number: int, connections: int, repeat: int
) -> Measured:
    found = [_measure(contestant, server, number, connections) for _ in range(repeat)]
    return min(found, key=lambda each: each.seen.seconds)


def _measure(contestant: Contestant, server: Server, number: int, connections: int) -> Measured:
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        program = contestant.start(Path(folder), number, connections, server.url)
        server.reset()
        cost = cost_of(program)
        count = server.count()
    if count.requests != number:
        sys.exit(f"{contestant.name} asked {count.requests} times for {number} samples.")
    print(
        f"{contestant.name}, {number:,} samples, {connections} connections: {cost.cpu:.2f} s CPU, "
        f"{cost.wall:.2f} s, {cost.peak / 1e6:.0f} MB, requests {count.seconds:.2f} s",
        file=sys.stderr,
    )
    return Measured(cost, count)


def _times(cost: Cost) -> str:
    return f"{cost.cpu:.2f} s, {cost.wall:.2f} s"


def _of(rate: float, ideal: float) -> str:
    return f"{rate:,.0f} ({rate / ideal:.1%})"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--peers", type=Path, help="run the peers too; they are installed into this folder"
    )
    parser.add_argument("--repeat", type=int, default=3, help="runs of each kind (3)")
    parser.add_argument(
        "--parts",
        nargs="+",
        choices=("cpu", "latency", "start"),
        default=("cpu", "latency", "start"),
        help="which tables to make (all)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
