"""No reply is asked for twice, and none is handed on before it is on disk."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from assay.engine.journalled import Journalled
from assay.engine.meter import Meter
from assay.errors import ServerError
from assay.records import Reply
from assay.store.journal import Journal
from tests.engine.fakes import Counting, request


async def test_a_reply_is_on_disk_before_it_is_handed_on(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    model = Journalled(Counting(), journal, Meter())
    await model.generate(request())
    other = Journal(tmp_path / "j.sqlite")
    assert len(other) == 1
    await other.close()
    await journal.close()


async def test_a_later_process_is_answered_from_the_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    first = await Journalled(Counting(), journal, Meter()).generate(request())
    await journal.close()
    journal, unasked, meter = Journal(tmp_path / "j.sqlite"), Counting(), Meter()
    again = await Journalled(unasked, journal, meter).generate(request())
    await journal.close()
    assert again == first
    assert unasked.asked == []
    assert meter.journalled == 1


async def test_identical_requests_in_flight_are_sent_once(tmp_path: Path) -> None:
    journal, inner = Journal(tmp_path / "j.sqlite"), Counting(latency=0.02)
    model = Journalled(inner, journal, Meter())
    replies = await asyncio.gather(*(model.generate(request()) for _ in range(20)))
    await journal.close()
    assert len(inner.asked) == 1
    assert len(set(map(id, replies))) == 1


@pytest.mark.parametrize(
    "other", [request("other"), request(epoch=2), request(max_tokens=7)], ids=str
)
async def test_whatever_determines_a_reply_is_in_its_key(tmp_path: Path, other: object) -> None:
    journal, inner = Journal(tmp_path / "j.sqlite"), Counting()
    model = Journalled(inner, journal, Meter())
    await model.generate(request())
    await model.generate(other)  # type: ignore[arg-type]
    await journal.close()
    assert len(inner.asked) == 2


async def test_another_model_has_keys_of_its_own(tmp_path: Path) -> None:
    journal, one, two = Journal(tmp_path / "j.sqlite"), Counting(), Counting()
    two.name = "fake/other"
    await Journalled(one, journal, Meter()).generate(request())
    await Journalled(two, journal, Meter()).generate(request())
    await journal.close()
    assert len(two.asked) == 1


async def test_errors_are_not_recorded_and_reach_everybody_who_waits(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    answers = [ServerError("down"), Reply("up")]
    inner = Counting(lambda number: answers[number], latency=0.01)
    model = Journalled(inner, journal, Meter())
    results = await asyncio.gather(
        *(model.generate(request()) for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [ServerError] * 3
    assert (await model.generate(request())).text == "up"
    await journal.close()


async def test_a_cancelled_asker_does_not_take_the_others_commit_along(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    model = Journalled(Counting(), journal, Meter())
    doomed = asyncio.create_task(model.generate(request("doomed")))
    kept = asyncio.create_task(model.generate(request("kept")))
    await asyncio.sleep(0.002)  # both wait for the same commit
    doomed.cancel()
    assert (await kept).text == "yes"
    await journal.close()
    assert len(Journal(tmp_path / "j.sqlite")) == 2
