"""What a map says of each group."""

from __future__ import annotations

from assay.usage.mapping.figures import Figure, told_apart
from assay.usage.mapping.naming import MOST_WORDS


def figure(name: str, *keywords: str) -> Figure:
    return Figure(name, keywords, 100, 50, None)


def test_groups_of_one_name_are_told_apart_by_a_keyword_of_their_own() -> None:
    level = [
        figure("train, seats", "train", "seats", "delay"),
        figure("bread", "bread"),
        figure("train, seats", "train", "seats", "refund"),
        figure("train, seats", "train", "seats"),
    ]
    assert told_apart(level) == [
        "train, seats, delay",
        "bread",
        "train, seats, refund",
        "train, seats (3)",
    ]


def test_a_name_that_is_told_apart_is_not_anothers() -> None:
    level = [figure("travel", "seats"), figure("travel", "visa"), figure("travel, seats", "seats")]
    assert told_apart(level) == ["travel (1)", "travel, visa", "travel, seats"]


def test_a_name_without_room_or_keyword_gets_a_number_and_a_hidden_group_none() -> None:
    full = " ".join(f"word{n}" for n in range(MOST_WORDS))
    hidden = Figure("", (), 3, 1, "too few conversations")
    level = [figure(full, "one"), figure(full, "two"), hidden, hidden]
    assert told_apart(level) == [f"{full} (1)", f"{full} (2)", "", ""]
