"""How often the intervals hold the truth: simulated in the regimes that safety evals work in.

    python benchmarks/coverage.py > table.md            (about ten minutes on one core)
    python benchmarks/coverage.py --samples 200 paired  (one section, quickly)

Each cell is the percentage of samples whose nominal 95% interval held the truth; "w" and a number
is the percentage of samples in which the result warned. A cell is marked with ! where more than 7%
of samples missed without a warning, beyond what chance in the simulation explains (two standard
errors). The random numbers' seeds are fixed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from functools import cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from assay.stats import (
    Interval,
    Share,
    Stratum,
    agreement,
    alpha,
    audited_mean,
    audited_rate,
    clustered_mean,
    corrected_rate,
    difference,
    find_change,
    krippendorff_alpha,
    paired,
    rate,
    rate_at_any_time,
    signal_to_noise,
    success_at_k,
    trend,
)

Random = np.random.Generator
Draw = Callable[[Random], Interval | None]
Regime = tuple[str, list[tuple[float, Draw]]]
RATES = (0.0, 0.001, 0.01, 0.5, 0.99)


class Table:
    """Rows of regimes, columns of truths; each cell simulated."""

    def __init__(self, samples: int) -> None:
        self.samples = samples
        self.marked = 0

    def show(
        self,
        row: str,
        columns: Iterable[str],
        regimes: Iterable[tuple[str, list[tuple[float, Draw]]]],
    ) -> None:
        """Print one table: a regime a row, a (truth, draw) a cell."""
        heads = list(columns)
        print(f"\n| {row} | " + " | ".join(heads) + " |")
        print("|---|" + "---:|" * len(heads))
        for name, cells in regimes:
            done = [self._cell(f"{row}{name}{place}", *cell) for place, cell in enumerate(cells)]
            print(f"| {name} | " + " | ".join(done) + " |", flush=True)

    def _cell(self, name: str, truth: float, draw: Draw) -> str:
        random = np.random.default_rng(list(name.encode()))
        found = [one for _ in range(self.samples) if (one := draw(random)) is not None]
        if not found:
            return "-"
        slack = 1e-9
        held = np.array([one.low - slack <= truth <= one.high + slack for one in found])
        warned = np.array([bool(one.warning) for one in found])
        silent = np.mean(~held & ~warned)
        short = silent > 0.07 + 2 * sqrt(0.07 * 0.93 / len(found))
        self.marked += short
        note = f" w{100 * warned.mean():.0f}" if warned.any() else ""
        return f"{100 * held.mean():.1f}{note}{' !' if short else ''}"


def sizes_of(n: int, size: int) -> NDArray[np.int64]:
    """Cluster sizes from half to one and a half times the mean, n in all as nearly as may be."""
    units = max(n // size, 1)
    spread = np.linspace(0.5, 1.5, units) if units > 1 else np.ones(1)
    return np.maximum(1, np.round(size * spread)).astype(int)


def events(random: Random, rate: float, correlation: float, sizes: NDArray[np.int64]):
    """Events in each cluster, with a beta-distributed rate of its own."""
    if correlation == 0 or rate in (0, 1):
        return random.binomial(sizes, rate)
    strength = 1 / correlation - 1
    own = random.beta(rate * strength, (1 - rate) * strength, size=len(sizes))
    return random.binomial(sizes, own)


def bursts(random: Random, rate: float, share: float, sizes: NDArray[np.int64]):
    """Events in clusters of which a share are alike throughout and the others independent."""
    whole = np.where(random.random(len(sizes)) < rate, sizes, 0)
    alike = random.random(len(sizes)) < share
    return np.where(alike, whole, random.binomial(sizes, rate))


def places(random: Random, units: int, size: int, correlation: float) -> NDArray[np.float64]:
    """Uniform numbers, shape (units, size), correlated within a unit (a Gaussian copula)."""
    shared, own = random.normal(size=(units, 1)), random.normal(size=(units, size))
    return ndtr(sqrt(correlation) * shared + sqrt(1 - correlation) * own)


def rates(table: Table) -> None:
    """One rate of independent results (the tests sum its coverage over all outcomes)."""
    table.show(
        "n",
        [f"{100 * p:g}%" for p in RATES],
        [
            (str(n), [(p, lambda r, n=n, p=p: rate(r.binomial(n, p), n)) for p in RATES])
            for n in (30, 300, 3000)
        ],
    )


def clustered(table: Table, title: str, model: Callable[..., NDArray[np.int64]]) -> None:
    def draw(n: int, size: int, correlation: float, p: float) -> Draw:
        sizes = sizes_of(n, size)
        return lambda r: clustered_mean(model(r, p, correlation, sizes), sizes, binary=True)

    table.show(
        title,
        [f"{100 * p:g}%" for p in RATES],
        [
            (f"{n}, {size}, {c:g}", [(p, draw(n, size, c, p)) for p in RATES])
            for n in (30, 300, 3000)
            for size in (3, 10, 25)
            for c in (0, 0.1, 0.3, 0.5)
        ],
    )


def clusters(table: Table) -> None:
    """Clustered rates: beta-binomial, with cluster sizes that differ threefold."""
    clustered(table, "n, cluster size, correlation", events)


def hidden_bursts(table: Table) -> None:
    """What no interval can see: rare clusters that fail as a whole among others that never do."""
    marked = table.marked
    clustered(table, "n, cluster size, share of clusters alike throughout", bursts)
    table.marked = marked  # the limit of every method, shown and explained, not a fault to mend


def grades(table: Table) -> None:
    """Means of scores from 0 to 1: five grades, nearly all close to 1, and one in fifty above 0."""

    def near_one(u: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1 - (1 - u**0.5) ** 5

    kinds = {
        "grades 0.2 to 1": (0.6, lambda u: np.ceil(5 * u) / 5),
        "mostly near 1": (_mean_of(near_one), near_one),
        "1 in 50 above 0": (0.01, lambda u: np.maximum(0, 50 * u - 49)),
    }

    def draw(n: int, size: int, correlation: float, quantile) -> Draw:
        units = max(n // size, 1)

        def one(r: Random) -> Interval:
            scores = quantile(places(r, units, size, correlation))
            return clustered_mean(scores.sum(axis=1), np.full(units, size), bounds=(0, 1))

        return one

    table.show(
        "n, cluster size, correlation",
        kinds,
        [
            (f"{n}, {size}, {c:g}", [(t, draw(n, size, c, q)) for t, q in kinds.values()])
            for n in (30, 300, 3000)
            for size, c in ((1, 0), (3, 0.3), (25, 0.1), (25, 0.5))
        ],
    )


def _mean_of(quantile: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> float:
    return float(quantile((np.arange(1_000_000) + 0.5) / 1_000_000).mean())


def pairs(table: Table) -> None:
    """Paired rates, raised and lowered at the column's rates."""
    flips = ((0.0, 0.0), (0.001, 0.001), (0.01, 0.0), (0.02, 0.01), (0.1, 0.05), (0.3, 0.3))

    def draw(n: int, size: int, correlation: float, up: float, down: float) -> Draw:
        sizes = sizes_of(n, size) if size > 1 else np.ones(n, dtype=int)
        groups = np.repeat(np.arange(len(sizes)), sizes)

        def one(r: Random) -> Interval:
            shares = np.array([up, down, 1 - up - down])
            if correlation:
                strength = 1 / correlation - 1
                gammas = r.gamma(np.maximum(shares, 1e-12) * strength, size=(len(sizes), 3))
                own = gammas / np.maximum(gammas.sum(axis=1, keepdims=True), 1e-300)
                shares = own[groups]
            else:
                shares = np.tile(shares, (len(groups), 1))
            where = r.random(len(groups))
            raised = where < shares[:, 0]
            lowered = ~raised & (where < shares[:, 0] + shares[:, 1])
            both = r.random(len(groups)) < 0.5
            new = np.where(raised, 1, np.where(lowered, 0, both))
            old = np.where(raised, 0, np.where(lowered, 1, both))
            return paired(new, old, clusters=groups if size > 1 else None, binary=True).difference

        return one

    table.show(
        "n, cluster size, correlation",
        [f"+{100 * up:g}% -{100 * down:g}%" for up, down in flips],
        [
            (f"{n}, {size}, {c:g}", [(up - down, draw(n, size, c, up, down)) for up, down in flips])
            for n in (30, 300, 3000)
            for size, c in ((1, 0), (3, 0.3), (10, 0.1), (25, 0.5))
        ],
    )


def graded_pairs(table: Table) -> None:
    """Paired grades from 1 to 5: a share of items changes by up to two grades, upwards mostly."""

    def draw(n: int, size: int, share: float) -> Draw:
        units = max(n // size, 1)
        groups = np.repeat(np.arange(units), size)

        def one(r: Random) -> Interval:
            old = r.integers(1, 4, units * size)
            chance = np.repeat(r.beta(share, 1 - share, units), size) if size > 1 else share
            new = old + np.where(r.random(len(old)) < chance, r.choice([-1, 1, 2], len(old)), 0)
            new = np.maximum(new, 0)
            return paired(new, old, clusters=groups if size > 1 else None, bounds=(0, 5)).difference

        return one

    table.show(
        "n, cluster size",
        [f"{100 * share:g}% change" for share in (0.01, 0.1, 0.5)],
        [
            (f"{n}, {size}", [(share * 2 / 3, draw(n, size, share)) for share in (0.01, 0.1, 0.5)])
            for n in (10, 30, 300, 3000)
            for size in (1, 5)
        ],
    )


def unpaired(table: Table) -> None:
    """The difference of two independent rates."""
    couples = ((0.0, 0.0), (0.01, 0.001), (0.01, 0.01), (0.05, 0.01), (0.5, 0.5), (0.99, 0.95))

    def draw(n: int, a: float, b: float) -> Draw:
        return lambda r: difference(rate(r.binomial(n, a), n), rate(r.binomial(n, b), n))

    table.show(
        "n each",
        [f"{100 * a:g}% and {100 * b:g}%" for a, b in couples],
        [(str(n), [(a - b, draw(n, a, b)) for a, b in couples]) for n in (30, 300, 3000)],
    )


def attempts(table: Table) -> None:
    """Success at k of 20 attempts, scenarios differing in their rate."""

    def draw(scenarios: int, p: float, k: int) -> Draw:
        return lambda r: success_at_k(
            r.binomial(20, r.beta(p * 2, (1 - p) * 2, scenarios)), np.full(scenarios, 20), k
        )

    @cache
    def truth(p: float, k: int) -> float:
        a, b = p * 2, (1 - p) * 2
        return 1 - float(np.prod([(b + i) / (a + b + i) for i in range(k)]))

    columns = [(p, k) for p in (0.01, 0.1, 0.5) for k in (1, 10)]
    table.show(
        "scenarios",
        [f"{100 * p:g}%, k={k}" for p, k in columns],
        [(str(m), [(truth(p, k), draw(m, p, k)) for p, k in columns]) for m in (14, 40, 300)],
    )


def corrected(table: Table) -> None:
    """Rates corrected for the scorer's sensitivity and specificity."""
    truths = (0.0, 0.001, 0.01, 0.05, 0.5, 0.99)

    def draw(n: int, positives: int, negatives: int, se: float, sp: float, t: float) -> Draw:
        return lambda r: (
            corrected_rate(
                Share(r.binomial(n, t * se + (1 - t) * (1 - sp)), n),
                Share(r.binomial(positives, se), positives),
                Share(r.binomial(negatives, sp), negatives),
                draws=4000,
            ).interval
        )

    table.show(
        "Se, Sp; n; labelled positives, negatives",
        [f"{100 * t:g}%" for t in truths],
        [
            (
                f"{se:g}, {sp:g}; {n}; {pos}, {neg}",
                [(t, draw(n, pos, neg, se, sp, t)) for t in truths],
            )
            for se, sp in ((0.9, 0.98), (0.7, 0.9))
            for n in (30, 300, 3000)
            for pos, neg in ((30, 30), (100, 200), (500, 1000))
        ],
    )


def audits(table: Table) -> None:
    """A stratified audit, and the prediction-powered mean, of runs scored with Se .9, Sp .98."""
    truths = (0.0, 0.001, 0.01, 0.05, 0.5, 0.99)

    def run(r: Random, n: int, t: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        true = r.random(n) < t
        return true, np.where(true, r.random(n) < 0.9, r.random(n) < 0.02)

    def audit(n: int, each: int, t: float) -> Draw:
        def one(r: Random) -> Interval:
            true, flagged = run(r, n, t)
            strata = []
            for side in (flagged, ~flagged):
                picked = true[side][:each]
                strata.append(Stratum(int(side.sum()), len(picked), int(picked.sum())))
            return audited_rate(strata, draws=4000).interval

        return one

    def powered(n: int, labels: int, t: float, uneven: bool) -> Draw:
        def one(r: Random) -> Interval:
            true, flagged = run(r, n, t)
            chance = np.where(flagged, 4.0, 1.0) if uneven else np.ones(n)
            chance *= min(labels / chance.sum(), 0.25)
            seen = np.where(r.random(n) < chance, true, np.nan)
            if np.count_nonzero(~np.isnan(seen)) < 2:
                return None
            return audited_mean(seen, flagged, chances=chance if uneven else None, bounds=(0, 1))

        return one

    regimes = [
        (f"audit, {n}; {each} of each verdict", [(t, audit(n, each, t)) for t in truths])
        for n, each in ((300, 30), (3000, 30), (3000, 200))
    ]
    regimes += [
        (
            f"{'inverse-probability' if uneven else 'PPI++'}, {n}; {labels}",
            [(t, powered(n, labels, t, uneven)) for t in truths],
        )
        for n, labels in ((300, 60), (3000, 60), (3000, 300))
        for uneven in (False, True)
    ]
    table.show("method, n; labels", [f"{100 * t:g}%" for t in truths], regimes)


def agreements(table: Table) -> None:
    """Kappa, AC1 and alpha of a scorer against people, by the rate of true positives."""

    def draw(n: int, size: int, rate: float, se: float, sp: float, which: str) -> Draw:
        def one(r: Random) -> Interval | None:
            units = n // size
            true = np.repeat(r.random(units) < rate, size)
            if size > 1:
                hits = np.repeat(r.beta(se * 2.3, (1 - se) * 2.3, units), size)
                passes = np.repeat(r.beta(sp * 2.3, (1 - sp) * 2.3, units), size)
            else:
                hits, passes = np.full(n, se), np.full(n, sp)
            given = np.where(true, r.random(len(true)) < hits, r.random(len(true)) >= passes)
            groups = np.arange(len(true)) // size
            if which != "alpha":
                return getattr(agreement(given, true, clusters=groups), which)
            if given.any() or true.any():
                return krippendorff_alpha(np.array([given, true], dtype=float), clusters=groups)
            return None

        return one

    def truth(rate: float, se: float, sp: float, which: str) -> float:
        flagged, seen = rate * se + (1 - rate) * (1 - sp), rate * se + (1 - rate) * sp
        middle = (flagged + rate) / 2
        chance = {
            "kappa": flagged * rate + (1 - flagged) * (1 - rate),
            "ac1": 2 * middle * (1 - middle),
            "alpha": middle**2 + (1 - middle) ** 2,
        }[which]
        return (seen - chance) / (1 - chance)

    columns = [(p, which) for which in ("kappa", "ac1", "alpha") for p in (0.02, 0.1, 0.5)]
    table.show(
        "Se, Sp; n, cluster size",
        [f"{which}, {100 * p:g}%" for p, which in columns],
        [
            (
                f"{se:g}, {sp:g}; {n}, {size}",
                [
                    (truth(p, se, sp, which), draw(n, size, p, se, sp, which))
                    for p, which in columns
                ],
            )
            for se, sp in ((0.9, 0.98), (0.7, 0.8))
            for n, size in ((100, 1), (300, 1), (300, 5), (1000, 1))
        ],
    )


def watching(table: Table) -> None:
    """A confidence sequence looked at daily for 100 days (held throughout), and false alarms."""

    def held(daily: int, p: float) -> Draw:
        def one(r: Random) -> Interval:
            total = np.cumsum(r.binomial(daily, p, 100))
            looks = [rate_at_any_time(int(s), daily * (i + 1)) for i, s in enumerate(total)]
            return max(looks, key=lambda look: max(look.low - p, p - look.high))

        return one

    table.show(
        "trials a day",
        [f"{100 * p:g}%" for p in RATES],
        [(str(daily), [(p, held(daily, p)) for p in RATES]) for daily in (1, 30, 1000)],
    )
    print("\n| patience 200; trials a look | mean looks to a false alarm | to see 1% become 2% |")
    print("|---|---:|---:|")
    for daily in (30, 300):
        random = np.random.default_rng(daily)
        waits = [_looks(random, daily, 0.01, 4000) for _ in range(table.samples // 4)]
        delays = [_looks(random, daily, 0.02, 4000) for _ in range(table.samples // 4)]
        print(f"| {daily} | {np.mean(waits):.0f} (cut off at 4,000) | {np.mean(delays):.0f} |")


def _looks(random: Random, daily: int, p: float, most: int) -> int:
    found = find_change(
        random.binomial(daily, p, most), np.full(most, daily), at_most=0.01, patience=200
    )
    return most if found.alarm is None else found.alarm + 1


def trends(table: Table) -> None:
    """The slope over model generations whose figures scatter beyond their own errors."""

    def draw(points: int, extra: float) -> Draw:
        x = np.arange(points, dtype=float)
        errors = np.linspace(0.01, 0.03, points)
        return lambda r: (
            trend(
                x, 0.5 - 0.02 * x + r.normal(0, errors) + r.normal(0, extra, points), errors
            ).slope
        )

    table.show(
        "generations",
        [f"scatter {extra:g}" for extra in (0, 0.01, 0.05)],
        [(str(m), [(-0.02, draw(m, extra)) for extra in (0, 0.01, 0.05)]) for m in (2, 3, 5, 10)],
    )


def signals(table: Table) -> None:
    """The true spread of models' means over the noise, and alpha; models are a random sample."""
    hard = np.array([0.6, 1.4])  # how much likelier an item is than another: items differ

    def normal(models: int, items: int, size: int, ratio: float) -> tuple[float, Draw]:
        groups = np.repeat(np.arange(items // size), size)
        shared = 0.5 if size > 1 else 0.0
        effect = ratio * sqrt((1 + size * shared) / items)

        def draw(random: Random) -> Interval:
            scores = random.normal(0, effect, (models, 1)) + random.normal(size=(models, items))
            scores += random.normal(0, sqrt(shared), (models, items // size))[:, groups]
            return signal_to_noise(scores, clusters=groups if size > 1 else None).ratio

        return ratio, draw

    def yes_or_no(models: int, items: int, rate: float, ratio: float) -> tuple[float, Draw]:
        effect = ratio * sqrt((rate * (1 - rate) - 0.16 * rate**2) / items)

        def draw(random: Random) -> Interval | None:
            rates = rate + random.normal(0, effect, (models, 1)).clip(-rate, 0.2)
            scores = random.random((models, items)) < rates * random.choice(hard, (1, items))
            if np.ptp(scores.astype(float)) == 0:
                return None
            return signal_to_noise(scores.astype(float)).ratio

        return ratio, draw

    def test(models: int, items: int, ratio: float) -> tuple[float, Draw]:
        effect = ratio / sqrt(items)

        def draw(random: Random) -> Interval:
            skill = random.normal(0, effect, (models, 1))
            return alpha(skill + random.normal(size=(models, items)))

        return ratio**2 / (1 + ratio**2), draw

    table.show(
        "models, items",
        ["normal, 0", "normal, 2", "clusters of 5, 1", "50%, 2", "3%, 0.5", "3%, 0", "alpha, 2"],
        [
            (
                f"{m}, {n}",
                [normal(m, n, 1, 0), normal(m, n, 1, 2), normal(m, n, 5, 1),
                 yes_or_no(m, n, 0.5, 2), yes_or_no(m, n, 0.03, 0.5), yes_or_no(m, n, 0.03, 0),
                 test(m, n, 2)],
            )
            for m in (3, 5, 10)
            for n in (100, 1000)
        ],
    )  # fmt: skip


SECTIONS: dict[str, Callable[[Table], None]] = {
    "rates": rates,
    "clusters": clusters,
    "hidden-bursts": hidden_bursts,
    "grades": grades,
    "pairs": pairs,
    "graded-pairs": graded_pairs,
    "unpaired": unpaired,
    "attempts": attempts,
    "corrected": corrected,
    "audits": audits,
    "agreement": agreements,
    "watching": watching,
    "trends": trends,
    "signals": signals,
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Simulated coverage of the intervals.")
    parser.add_argument("sections", nargs="*", help=f"of {', '.join(SECTIONS)}; default all")
    parser.add_argument("--samples", type=int, default=1000, help="samples a cell")
    options = parser.parse_args()
    table = Table(options.samples)
    for name in options.sections or SECTIONS:
        about = (SECTIONS[name].__doc__ or "").splitlines()[0]
        print(f"\n### {name}\n\n{about}")
        SECTIONS[name](table)
    error = 100 * sqrt(0.95 * 0.05 / options.samples)
    print(
        f"\n{options.samples} samples a cell: the Monte Carlo error at 95% is {error:.1f} points."
    )
    print(f"Cells marked, outside hidden-bursts: {table.marked}.")
    return 1 if table.marked else 0


if __name__ == "__main__":
    sys.exit(main())
