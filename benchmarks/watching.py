"""How soon a watch establishes a change: looks after it, by simulation of its own decisions.

python benchmarks/watching.py
"""

from __future__ import annotations

import numpy as np

from assay.watch.decide import (
    Expected,
    Range,
    Totals,
    decide_by_chance,
    decide_by_patience,
    share_of_chance,
)

WATCHES, LONGEST = 40, 400
EXPECTED = 0.95
CHANCE = share_of_chance(0.05, 2, 1, baseline=False)
PATIENCE = 1000.0 * 3


def delay(rng: np.random.Generator, each: int, after: float, quiet: int, chance: bool) -> int:
    """Looks from the change until it is established; one with an alarm before it is drawn anew."""
    edge = Expected(Range(EXPECTED, EXPECTED), Range(EXPECTED, EXPECTED))

    def established(looks: int) -> bool:
        part = won[:looks].astype(float)
        totals = Totals(np.full(looks, float(each)), part, part)
        found = (
            decide_by_chance(totals, edge, CHANCE)
            if chance
            else decide_by_patience(totals, edge, PATIENCE)
        )
        return found.standing == "lower"

    while True:
        before = rng.binomial(each, EXPECTED, quiet)
        won = np.concatenate([before, rng.binomial(each, after, LONGEST)])
        if quiet == 0 or not established(quiet):
            break
    for looks in range(1, LONGEST + 1):
        if established(quiet + looks):
            return looks
    return LONGEST


def main() -> None:
    """Print the table of the page on watching."""
    print(
        "| samples a look | 95% becomes | `chance: 0.05` | `looks: 1000`"
        " | `chance`, after 200 | `looks`, after 200 |"
    )
    print("|---|---|---|---|---|---|")
    for each in (30, 100, 300):
        for after in (0.93, 0.9, 0.8):
            cells = []
            for quiet, chance in ((0, True), (0, False), (200, True), (200, False)):
                rng = np.random.default_rng(5)
                waits = [delay(rng, each, after, quiet, chance) for _ in range(WATCHES)]
                median = int(np.median(waits))
                cells.append(f"over {LONGEST}" if median >= LONGEST else f"{median}")
            print(f"| {each} | {after:.0%} | {cells[0]} | {cells[1]} | {cells[2]} | {cells[3]} |")


if __name__ == "__main__":
    main()
