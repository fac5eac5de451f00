"""A map from end to end: what it holds, and that everything is accounted for."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter, defaultdict
from pathlib import Path

import msgspec
import pytest
from benchmarks.conversations import Topics, made_words

from assay import api
from assay.errors import AssayError, DefinitionError, NotFoundError
from assay.records import MapRecord
from assay.usage.mapping.folder import MapFolder
from assay.usage.mapping.hierarchy import level_sizes
from assay.usage.mapping.make import make_map
from assay.usage.mapping.privacy import NO_WORDS
from assay.usage.mapping.settings import MapSettings
from tests.usage.mapping.made import SMALL, about, everything_told, import_of, mapped, said

Made = tuple[MapFolder, MapRecord]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    place = mapped(tmp_path_factory.mktemp("made"), about(1500), MapSettings())
    return place, place.read()


def test_every_conversation_is_shown_or_hidden_for_a_reason(made: Made) -> None:
    place, record = made
    assert record.conversations == 1500
    assert record.shown + sum(record.hidden.values()) == record.conversations
    base = {each.cluster_id: each for each in place.clusters() if each.level == 0}
    held = Counter(each.cluster_id for each in place.placed())
    assert {name: each.conversations for name, each in base.items()} == dict(held)
    assert record.shown == sum(each.conversations for each in base.values() if each.shown)
    assert record.clusters[0] == len(base)


def test_groups_are_topics_and_are_named_by_their_words(made: Made) -> None:
    place, _ = made
    truth = [topic for topic, _ in SMALL.texts(1500)]
    inside = defaultdict(Counter[int])
    for topic, each in zip(truth, place.placed(), strict=True):
        inside[each.cluster_id][topic] += 1
    pure = sum(counts.most_common(1)[0][1] for counts in inside.values())
    assert pure > 0.95 * 1500
    words = defaultdict(Counter[str])
    for topic, text in SMALL.texts(1500):
        words[topic].update(set(text.split()))
    for each in place.clusters():
        if each.level == 0 and each.shown:
            topic = inside[each.cluster_id].most_common(1)[0][0]
            assert each.keywords
            for word in each.keywords:
                own = words[topic][word] / truth.count(topic)
                elsewhere = sum(words[other][word] for other in words if other != topic)
                assert own > 3 * elsewhere / (1500 - truth.count(topic))


def test_names_have_at_most_ten_words_and_are_empty_where_hidden(made: Made) -> None:
    for each in made[0].clusters():
        assert len(each.name.split()) <= 10
        assert bool(each.name) == each.shown
        assert each.shown or (each.hidden and not each.keywords)


def test_levels_add_up(made: Made) -> None:
    place, record = made
    clusters = place.clusters()
    assert len(record.clusters) == 1 + len(level_sizes(record.clusters[0]))
    by_id = {each.cluster_id: each for each in clusters}
    below = Counter[str]()
    for each in clusters:
        top = each.level == len(record.clusters) - 1
        assert (each.parent_id is None) == top
        if each.parent_id:
            assert by_id[each.parent_id].level == each.level + 1
            below[each.parent_id] += each.conversations
    for name, number in below.items():
        assert by_id[name].conversations == number


def test_what_the_model_said_is_not_looked_at(made: Made) -> None:
    assert "replymarker" not in everything_told(made[0])


def test_the_same_command_again_changes_nothing_and_another_seed_does(tmp_path: Path) -> None:
    usage = import_of(tmp_path, about(600))
    first = make_map(usage, MapSettings(), None)
    place = MapFolder(usage.path)
    tables = place.clusters_file.read_bytes(), place.conversations_file.read_bytes()
    assert make_map(usage, MapSettings(), None) == first
    shutil.rmtree(place.path)
    again = make_map(usage, MapSettings(), None)
    assert msgspec.structs.replace(again, created=first.created) == first
    assert (place.clusters_file.read_bytes(), place.conversations_file.read_bytes()) == tables
    assert make_map(usage, MapSettings(seed=1), None).inputs_sha256 != first.inputs_sha256
    assert place.read().settings["seed"] == 1


def test_without_any_account_a_map_is_refused_unless_somebody_says_so(tmp_path: Path) -> None:
    unknown = [said(each, text, account_id=None) for each, (_, text) in enumerate(SMALL.texts(300))]
    usage = import_of(tmp_path, unknown)
    with pytest.raises(AssayError, match="--accounts-unknown") as told:
        make_map(usage, MapSettings(), None)
    assert told.value.fix is not None
    named = re.search(r"--map (\w+)=COLUMN", told.value.fix)
    assert named is not None
    rows = [{"prompt": f"Is {n} odd?", "reply": "Ask.", "who": f"p{n}"} for n in range(5)]
    log = tmp_path / "again.jsonl"
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    mapping = {named[1]: "who"}
    record = api.import_usage([log], name="again", mapping=mapping, workspace=tmp_path)
    assert record.with_account == 5
    record = make_map(usage, MapSettings(accounts_unknown=True), None)
    assert record.warnings[0].startswith("ACCOUNTS UNKNOWN")
    assert record.principals is None
    assert record.shown
    assert all(each.principals is None for each in MapFolder(usage.path).clusters())


@pytest.mark.parametrize(("known", "refused"), [(200, True), (100, False)])
def test_where_most_accounts_are_known_people_are_counted(
    tmp_path: Path, known: int, refused: bool
) -> None:
    rows = [
        said(each, text, account_id=f"a{each}" if each < known else None)
        for each, (_, text) in enumerate(SMALL.texts(300))
    ]
    usage = import_of(tmp_path, rows)
    settings = MapSettings(accounts_unknown=True)
    if refused:
        with pytest.raises(AssayError, match=f"{known} of 300 conversations have an account"):
            make_map(usage, settings, None)
    else:
        assert make_map(usage, settings, None).warnings[0].startswith("ACCOUNTS UNKNOWN")


def test_conversations_without_words_are_in_no_group_and_counted(tmp_path: Path) -> None:
    empty = [said(f"e{each}", "12 34 !!") for each in range(7)]
    place = mapped(tmp_path, [*about(300), *empty], MapSettings())
    record = place.read()
    assert record.hidden[NO_WORDS] == 7
    assert record.shown + sum(record.hidden.values()) == 307
    assert [each.cluster_id for each in place.placed()][-7:] == [None] * 7


@pytest.mark.parametrize("number", [1, 2, 7, 30])
def test_small_imports_are_mapped_too(tmp_path: Path, number: int) -> None:
    record = mapped(tmp_path, about(number), MapSettings(profile="safety")).read()
    assert record.shown == number


def test_an_import_that_is_one_text_over_and_over(tmp_path: Path) -> None:
    same = [said(each, "help me write a cover letter") for each in range(400)]
    place = mapped(tmp_path, same, MapSettings())
    assert place.read().shown == 400


def test_an_import_in_which_nobody_says_a_word(tmp_path: Path) -> None:
    record = mapped(tmp_path, [said(each, "1 2 3") for each in range(60)], MapSettings()).read()
    assert (record.shown, record.hidden, record.clusters) == (0, {NO_WORDS: 60}, (0,))


def test_an_empty_import_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="no conversation"):
        make_map(import_of(tmp_path, []), MapSettings(), None)


def test_twelve_alike_are_a_rare_group_hidden_from_insight_and_shown_to_safety(
    tmp_path: Path,
) -> None:
    odd = made_words(6000)[-13:]
    planted = [said(f"p{each}", " ".join(odd[: 10 + each % 3] * 3)) for each in range(12)]
    topics = Topics(topics=40, words=40, own=0.4, vocabulary=3000)
    usage = import_of(tmp_path, [*about(4000, topics), *planted])
    for profile in ("insight", "safety"):
        make_map(usage, MapSettings(profile=profile), None)
        place = MapFolder(usage.path)
        homes = {each.cluster_id for each in place.placed()[-12:]}
        assert len(homes) == 1
        home = next(each for each in place.clusters() if each.cluster_id in homes)
        assert (home.rare, home.conversations) == (True, 12)
        assert home.shown == (profile == "safety")
        assert (odd[0] in everything_told(place)) == (profile == "safety")


def test_settings_that_promise_nothing_are_refused() -> None:
    with pytest.raises(DefinitionError, match="epsilon"):
        MapSettings(epsilon=0)
    with pytest.raises(DefinitionError, match="minimum"):
        MapSettings(min_principals=0)
    with pytest.raises(DefinitionError, match="no account"):
        MapSettings(epsilon=1, accounts_unknown=True)
    with pytest.raises(DefinitionError, match="safety"):
        MapSettings(epsilon=1, profile="safety")


def test_there_is_no_map_before_one_is_made(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="assay usage map"):
        MapFolder(tmp_path).read()
