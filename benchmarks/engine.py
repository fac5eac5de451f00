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


Run = tuple[Contestant, int]


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
    found = _rounds(
        [(each, number) for each in contestants for number in (SHORT, LONG)], server, repeat
    )
    rows = []
    margins: dict[str, float] = {}
    for each in contestants:
        short, long = (_least(found[each, number]) for number in (SHORT, LONG))
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
        f"Samples a second where a reply takes {LATENCY * 1e3:.0f} ms, in the request phase (first "
        f"request to last reply) and over the whole process; the best of {repeat}.\n",
        "| | connections | ideal | request phase | whole process | at the margin: request phase, "
        "whole process | CPU a sample at the margin |",
        "|---|---|---|---|---|---|---|",
    ]
    for connections, few, many in FULL_RATES:
        runs = [(each, number) for each in contestants for number in (few, many)]
        with running(cores.server, LATENCY * 1e3) as server:
            found = _rounds(runs, server, repeat, connections)
        for each in contestants:
            short, long = found[each, few], found[each, many]
            phase = [min(one.seen.seconds for one in runs) for runs in (short, long)]
            whole = [min(one.cost.wall for one in runs) for runs in (short, long)]
            more, ideal = many - few, connections / LATENCY
            cells = (
                each.name,
                f"{connections:,}",
                f"{ideal:,.0f}",
                _of(many / phase[1], ideal),
                _of(many / whole[1], ideal),
                f"{_of(more / (phase[1] - phase[0]), ideal)}, "
                f"{_of(more / (whole[1] - whole[0]), ideal)}",
                f"{(_least(long).cpu - _least(short).cpu) / more * 1e3:.3f} ms",
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


def _rounds(
    runs: Sequence[Run], server: Server, repeat: int, connections: int = CONNECTIONS
) -> dict[Run, list[Measured]]:
    """Measure each run once, then each once more, so that all share the machine's better hours."""
    found: dict[Run, list[Measured]] = {run: [] for run in runs}
    for _ in range(repeat):
        for contestant, number in runs:
            measured = _measure(contestant, server, number, connections)
            found[contestant, number].append(measured)
    return found


def _least(runs: Sequence[Measured]) -> Cost:
    return min((each.cost for each in runs), key=lambda cost: cost.cpu)


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
