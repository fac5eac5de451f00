"""Who acts: accounts that the evidence links count once, so that many fake accounts do not pass.

Accounts are one principal where they share a network (its keyed hash), an organization, or a client
so rare that few others have it; and so on along chains of such links. Conversations without an
account share one unknown principal. All of this errs on the side of too few principals: a map then
hides more than it must, and never less.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RARE_CLIENT = 10
"""A client that more accounts have says nothing: it may be a common browser."""

Hints = tuple[str | None, str | None, str | None, str | None]
"""account_id, network_id, org_id, client_id of a conversation."""


@dataclass(frozen=True)
class Principals:
    """The principal of each conversation, by number.

    Attributes:
        of: a number for each conversation.
        count: how many there are.
        accounts: how many accounts were seen.
        without_account: how many conversations have none.
        largest: accounts in the largest principal.
    """

    of: NDArray[np.int32]
    count: int
    accounts: int
    without_account: int
    largest: int


def link(hints: Iterable[Hints]) -> Principals:
    """The linked principals of conversations, in their order."""
    accounts: dict[str, int] = {}
    account_of: list[int] = []
    parents: list[int] = []
    first_of: dict[tuple[str, str], int] = {}  # the first account seen with a network or an org
    clients: dict[str, list[int]] = {}
    for account, network, org, client in hints:
        if not account:
            account_of.append(-1)
            continue
        number = accounts.setdefault(account, len(accounts))
        if number == len(parents):
            parents.append(number)
        account_of.append(number)
        for kind, value in (("network", network), ("org", org)):
            if value:
                _join(parents, number, first_of.setdefault((kind, value), number))
        if client:
            holders = clients.setdefault(client, [])
            if len(holders) <= RARE_CLIENT and number not in holders:
                holders.append(number)
    for holders in clients.values():
        if len(holders) <= RARE_CLIENT:
            for other in holders[1:]:
                _join(parents, other, holders[0])
    roots = [_root(parents, number) for number in range(len(parents))]
    return _numbered(np.array(account_of, dtype=np.int32), np.array(roots, dtype=np.int32))


def _join(parents: list[int], one: int, other: int) -> None:
    one, other = _root(parents, one), _root(parents, other)
    parents[max(one, other)] = min(one, other)


def _root(parents: list[int], each: int) -> int:
    while parents[each] != each:
        parents[each] = parents[parents[each]]
        each = parents[each]
    return each


def _numbered(account_of: NDArray[np.int32], roots: NDArray[np.int32]) -> Principals:
    """Principals numbered in the order in which their first account was seen; the unknown last."""
    distinct, number_of, sizes = np.unique(roots, return_inverse=True, return_counts=True)
    unknown = account_of < 0
    of = np.append(number_of, len(distinct)).astype(np.int32)[account_of]
    return Principals(
        of=of,
        count=len(distinct) + bool(unknown.any()),
        accounts=len(roots),
        without_account=int(unknown.sum()),
        largest=int(sizes.max(initial=0)),
    )
