from __future__ import annotations

import math
import random

from assay.report.usage.packing import HEIGHT, WIDTH, pack


def crowd(number: int) -> tuple[list[tuple[float, float]], list[int]]:
    chance = random.Random(3)
    middles = [(chance.gauss(0, 10), chance.gauss(0, 10)) for _ in range(5)]
    places = []
    for n in range(number):
        x, y = middles[n % 5]
        places.append((x + chance.gauss(0, 1), y + chance.gauss(0, 1)))
    return places, [int(chance.paretovariate(1.5) * 30) for _ in range(number)]


def test_no_circle_lies_on_another_and_all_are_inside() -> None:
    circles = pack(*crowd(200))
    for n, one in enumerate(circles):
        assert one.r <= one.x <= WIDTH - one.r
        assert one.r <= one.y <= HEIGHT - one.r
        for other in circles[n + 1 :]:
            assert math.hypot(one.x - other.x, one.y - other.y) > 0.9 * (one.r + other.r)


def test_what_is_larger_is_drawn_larger_and_neighbours_stay_near() -> None:
    places, sizes = crowd(200)
    circles = pack(places, sizes)
    assert circles[sizes.index(max(sizes))].r == max(each.r for each in circles)

    def spread(members: list[int]) -> float:
        xs, ys = [circles[n].x for n in members], [circles[n].y for n in members]
        return math.hypot(max(xs) - min(xs), max(ys) - min(ys))

    assert spread(list(range(0, 200, 5))) < 0.75 * spread(list(range(200)))


def test_the_same_groups_give_the_same_circles_and_few_do_too() -> None:
    assert pack(*crowd(50)) == pack(*crowd(50))
    assert pack([], []) == []
    (only,) = pack([(5.0, 5.0)], [10])
    assert (only.x, only.y) == (WIDTH / 2, HEIGHT / 2)
    assert len({(each.x, each.y) for each in pack([(1.0, 1.0)] * 4, [5, 5, 5, 5])}) == 4
