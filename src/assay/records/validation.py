"""What a validation of maps found: what comes back, how true names are, what leaks."""

from __future__ import annotations

import msgspec

from assay.records.certificate import Measured
from assay.records.estimate import Second, Standing
from assay.records.usage import Profile


class Reconstruction(msgspec.Struct, frozen=True, kw_only=True):
    """How well the groups of one level give known categories back.

    A group stands for the category that most of its conversations have. ``share`` is the share of
    all conversations whose group stands for their own category; one that no shown group holds
    counts as not given back. ``of_shown`` is the same of those that shown groups hold.
    ``shuffled`` is what groups of the same sizes reach by chance, ``constant`` what always naming
    the largest category does, and ``most`` the most that so many groups could reach.
    """

    level: int
    groups: int
    share: Measured
    of_shown: Measured | None
    shuffled: float
    constant: float
    most: float


class CategoryRecall(msgspec.Struct, frozen=True, kw_only=True):
    """One category, at the base level: how much of it stands in groups that stand for it."""

    category: str
    concerning: bool
    recall: Measured
    shown: int


class NameCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Whether names are true of their groups.

    ``how``: ``keywords`` or ``embedding`` (a stand-in: the chance that a name fits a member better
    than a conversation of the nearest other group, by words or by vectors; a name that says
    nothing has 0.5), ``judge`` (a model, share of names that it finds true) or ``people`` (share
    of names that labels call true). ``planned`` names were to be checked, and ``missing`` says why
    some were not. ``standing`` is that of the judge's certificate, and ``corrected`` the share
    freed of the judge's error, where the certificate tells enough. ``caught``: of the names of far
    groups that were planted among these, the share that the judge or people called false.
    """

    how: str
    planned: int
    measured: Measured | None
    chance: float | None = None
    missing: dict[str, int] = {}
    standing: Standing | None = None
    certificate: str | None = None
    corrected: Second | None = None
    caught: Measured | None = None


class LeakCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of attempt to have a map tell what it must not.

    ``told`` of ``measured.n`` attempts ended with the words in question on the map. ``promised``:
    whether the setting promises that none does. ``at_most`` is the 95% upper bound where none did.
    """

    attempt: str
    told: int
    measured: Measured
    at_most: float | None
    promised: bool


class SettingResult(msgspec.Struct, frozen=True, kw_only=True):
    """One embedder under one setting.

    ``misplaced``: conversations nearer to the middle of another base group than to their own.
    ``mislabelled``: conversations in a base group, shown or not, that stands for another category.
    ``stability``: adjusted Rand index under another seed. ``hidden`` counts conversations by
    reason.
    """

    embedder: str
    setting: str
    profile: Profile
    min_conversations: int
    min_principals: int
    epsilon: float | None
    conversations: int
    shown: int
    hidden: dict[str, int]
    stability: float | None
    levels: tuple[Reconstruction, ...]
    concerning: Measured | None
    languages: dict[str, Measured]
    categories: tuple[CategoryRecall, ...]
    misplaced: Measured | None
    mislabelled: Measured | None
    names: tuple[NameCheck, ...]
    leaks: tuple[LeakCheck, ...]


class ValidationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What ``assay usage validate`` found, for every embedder and setting.

    ``broken`` names the promises that a planted secret broke.
    """

    created: str
    assay: str
    labelled: str
    labelled_sha256: str
    conversations: int
    categories: int
    seed: int
    results: tuple[SettingResult, ...]
    broken: tuple[str, ...]
    warnings: tuple[str, ...]
