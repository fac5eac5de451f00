"""Maps of what a model says that people asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.errors import DefinitionError, NotFoundError
from assay.records import Facets
from assay.store.tables import write_rows
from assay.usage.faceted import FacetedFolder
from assay.usage.folder import UsageFolder
from assay.usage.mapping.folder import MapFolder
from assay.usage.mapping.make import make_map
from assay.usage.mapping.settings import MapSettings
from tests.usage.mapping.made import import_of, said

TOPICS = ("prune apple trees in winter", "pick locks of doors quietly")


def facets(number: int, *, missing: str | None = None) -> Facets:
    """Of two topics by turns; the second of concern 4."""
    topic = number % 2
    request = "" if missing else f"Explain how to {TOPICS[topic]}."
    concern = None if missing else 1 + 3 * topic
    return Facets(f"t-{number}", request, "", "", concern, missing, "", "some/model", "v", 1)


def imported(folder: Path, lacking: range) -> UsageFolder:
    usage = import_of(folder, [said(n, "neither word nor topic shows") for n in range(400)])
    usage.facets_folder.mkdir()
    rows = [facets(n, missing="refusal" if n in lacking else None) for n in range(400)]
    write_rows(usage.facets_folder / usage.part(0).name, Facets, rows)
    return usage


def test_groups_are_of_requests_with_their_mean_concern(tmp_path: Path) -> None:
    usage = imported(tmp_path, range(0))
    settings = MapSettings(text="facets")
    record = make_map(FacetedFolder(usage.path), settings, None)
    base = [each for each in MapFolder(usage.path).clusters() if each.level == 0 and each.shown]
    assert {each.concern for each in base} == {1.0, 4.0}
    assert all(("lock" in str(each.keywords)) == (each.concern == 4.0) for each in base)
    assert "neither" not in str([each.keywords for each in base])
    assert any("some/model" in warning for warning in record.warnings)


def test_other_facets_make_another_map_and_none_means_no_concern(tmp_path: Path) -> None:
    usage = imported(tmp_path, range(0))
    first = make_map(FacetedFolder(usage.path), MapSettings(text="facets"), None)
    rows = [facets(n + 1, missing=None) for n in range(400)]
    write_rows(usage.facets_folder / usage.part(0).name, Facets, rows)
    second = make_map(FacetedFolder(usage.path), MapSettings(text="facets"), None)
    assert first.inputs_sha256 != second.inputs_sha256
    make_map(usage, MapSettings(), None)
    assert {each.concern for each in MapFolder(usage.path).clusters()} == {None}


def test_conversations_without_facets_are_told_by_their_own_words(tmp_path: Path) -> None:
    usage = imported(tmp_path, range(100))
    record = make_map(FacetedFolder(usage.path), MapSettings(text="facets"), None)
    assert record.conversations == 400
    assert any("100 of 400 conversations have no facets" in each for each in record.warnings)
    told = [each.messages[0].content for each in FacetedFolder(usage.path).transcripts()]
    assert told.count("neither word nor topic shows") == 100


def test_without_facets_or_with_noise_it_says_what_to_do(tmp_path: Path) -> None:
    usage = import_of(tmp_path, [said(1, "word")])
    with pytest.raises(NotFoundError, match="assay usage facets made --model"):
        FacetedFolder(usage.path)
    with pytest.raises(DefinitionError, match="--text facets"):
        MapSettings(text="facets", epsilon=1.0)
