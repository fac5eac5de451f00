"""What holds for every embedder that runs on this machine."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.embeddings import Embedder, blank_rows
from assay.embeddings.hashed import Hashed
from assay.embeddings.minilm import MiniLM
from assay.embeddings.static import Static

BLANK = ["", " \n\t ", "\x00", "\u200b\u200d"]
PLAIN = [
    "How do I bake sourdough bread at home?",
    "Write a cover letter for a nurse.",
    "Explain recursion with an example in Python.",
    "Mein Hund frisst keine Karotten.",
    "a" * 99,
]
HOSTILE = [
    "lone \ud800 surrogate \udfff",
    "nul \x00 within",
    "<script>alert(1)</script>",
    "\u202eright to left\u202c",
    "\U0001d571\U0001d597\U0001d586\U0001d590 and Z̸̛͓a̷l̶g̵o̴",
    "[CLS] [SEP] [PAD] [UNK] [MASK]",
    "漢字 かな 한국어 العربية",
]


@pytest.fixture(params=["hashed", "minilm", "static"])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    if request.param == "hashed":
        return Hashed()
    found: Embedder = request.getfixturevalue(request.param)
    return found


def test_rows_are_of_length_one_and_blank_texts_are_zero(embedder: Embedder) -> None:
    texts = [*PLAIN, *BLANK, *HOSTILE[:4]]
    vectors = embedder.embed(texts)
    assert vectors.shape == (len(texts), embedder.dimensions)
    assert vectors.dtype == np.float32
    assert list(blank_rows(vectors)) == [text in BLANK for text in texts]
    assert np.allclose(np.linalg.norm(vectors[~blank_rows(vectors)], axis=1), 1, atol=1e-5)


def test_a_vector_depends_on_its_text_alone(embedder: Embedder) -> None:
    texts = [*PLAIN, *HOSTILE, *BLANK]
    together = embedder.embed(texts)
    backwards = embedder.embed(texts[::-1])[::-1]
    alone = np.concatenate([embedder.embed([text]) for text in texts])
    assert np.array_equal(together, backwards)
    assert np.array_equal(together, alone)
    assert len({row.tobytes() for row in together[: len(PLAIN)]}) == len(PLAIN)


def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimensions)


def test_what_is_done_is_told_in_parts(embedder: Embedder) -> None:
    texts = [f"text number {i}" for i in range(70)]
    kept: dict[int, bytes] = {}

    def keep(rows: object, vectors: np.ndarray) -> None:
        kept.update(zip(list(rows), map(np.ndarray.tobytes, vectors), strict=True))  # type: ignore[call-overload]

    vectors = embedder.embed(texts, keep)
    assert kept == {row: vector.tobytes() for row, vector in enumerate(vectors)}


@pytest.mark.parametrize("unit", ["word ", "x", "漢", "\u0301", " ", "a\u200b", "((("])
def test_a_megabyte_is_read_in_a_moment(embedder: Embedder, unit: str) -> None:
    start = time.process_time()
    vectors = embedder.embed([unit * (2**20 // len(unit)), "a short neighbour"])
    assert time.process_time() - start < 10
    assert np.isfinite(vectors).all()
    assert np.array_equal(vectors[1], embedder.embed(["a short neighbour"])[0])


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.text(st.characters(), max_size=60), max_size=6))
def test_any_text_will_do(embedder: Embedder, texts: list[str]) -> None:
    vectors = embedder.embed(texts)
    lengths = np.linalg.norm(vectors, axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-4) | (lengths == 0))


def test_threads_may_share_it(embedder: Embedder) -> None:
    texts = [f"{text} {i}" for i in range(6) for text in PLAIN]
    expected = embedder.embed(texts)
    found: list[bool] = []

    def work() -> None:
        found.append(np.array_equal(embedder.embed(texts), expected))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 4


def test_closed_it_can_be_used_again(weights: object) -> None:
    for embedder in (MiniLM(), Static(), Hashed()):
        before = embedder.embed(PLAIN)
        embedder.close()
        embedder.close()
        assert np.array_equal(embedder.embed(PLAIN), before)
        embedder.close()
