"""Accounts that the evidence links count once."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assay.usage.mapping.principals import RARE_CLIENT, Hints, link


def test_each_account_is_a_principal_where_nothing_links_it() -> None:
    found = link([("a", None, None, None), ("b", "n1", None, None), ("a", None, None, None)])
    assert found.count == 2
    assert found.of.tolist() == [0, 1, 0]
    assert found.accounts == 2


def test_networks_and_organizations_link_along_chains() -> None:
    found = link(
        [
            ("a", "n1", None, None),
            ("b", "n1", "o1", None),
            ("c", None, "o1", None),
            ("d", "n2", None, None),
        ]
    )
    assert found.of.tolist() == [0, 0, 0, 1]
    assert found.largest == 3


def test_fifty_fake_accounts_on_one_network_count_once_whatever_else_there_is() -> None:
    fakes: list[Hints] = [(f"fake{each}", "proxy", None, None) for each in range(50)]
    assert link([*fakes, ("victim", "home", None, None)]).count == 2


def test_a_rare_client_links_and_a_common_one_does_not() -> None:
    rare: list[Hints] = [(f"a{each}", None, None, "odd") for each in range(RARE_CLIENT)]
    common: list[Hints] = [(f"b{each}", None, None, "usual") for each in range(RARE_CLIENT + 1)]
    assert link(rare).count == 1
    assert link(common).count == RARE_CLIENT + 1


def test_conversations_without_an_account_share_one_unknown_principal() -> None:
    found = link([(None, "n1", None, None), ("a", "n1", None, None), ("", None, None, None)])
    assert found.of.tolist() == [1, 0, 1]
    assert (found.count, found.without_account) == (2, 2)


hints = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "d", "e", None]),
        st.sampled_from(["n1", "n2", None]),
        st.sampled_from(["o1", "o2", None]),
        st.sampled_from(["c1", "c2", None]),
    ),
    max_size=12,
)


@given(hints)
def test_two_conversations_share_a_principal_just_where_a_chain_of_links_joins_them(
    rows: list[Hints],
) -> None:
    reach = np.eye(len(rows), dtype=bool)
    for one, other in itertools.product(range(len(rows)), repeat=2):
        first, second = rows[one], rows[other]
        if not first[0] and not second[0]:
            reach[one, other] = True
        elif first[0] and second[0]:
            reach[one, other] |= any(
                x == y and x is not None for x, y in zip(first, second, strict=True)
            )
    for middle in range(len(rows)):
        reach |= reach[:, [middle]] & reach[[middle], :]
    found = link(rows).of
    assert ((found[:, None] == found[None, :]) == reach).all()


@given(hints, st.randoms())
def test_the_order_of_conversations_does_not_matter(rows: list[Hints], random: object) -> None:
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    one, other = link(rows), link([rows[each] for each in order])
    moved = one.of[order]
    assert one.count == other.count
    assert ((moved[:, None] == moved[None, :]) == (other.of[:, None] == other.of[None, :])).all()
