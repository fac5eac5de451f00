from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.embeddings.minilm import LONGEST, MiniLM


def by_hand(weights: Path, text: str) -> np.ndarray:
    """The published recipe, step by step: pad to 128, run, mean over the mask, length one."""
    import onnxruntime
    from tokenizers import Tokenizer

    tokens = Tokenizer.from_file(str(weights.with_name("minilm-l6.tokenizer.json")))
    encoded = tokens.encode(text)
    assert len(encoded.ids) == 128
    ids = np.array([encoded.ids])
    mask = np.array([encoded.attention_mask])
    session = onnxruntime.InferenceSession(str(weights), providers=["CPUExecutionProvider"])
    given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    (states,) = session.run(None, given)
    mean = (states * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
    return np.asarray(mean[0] / np.linalg.norm(mean[0]))


@pytest.mark.parametrize(
    "text", ["The cat sat on the mat.", "How do I reset a forgotten PASSWORD at my bank, please?"]
)
def test_a_vector_is_what_the_published_recipe_gives(
    minilm: MiniLM, weights: Path, text: str
) -> None:
    (found,) = minilm.embed([text])
    assert np.allclose(found, by_hand(weights, text), atol=1e-5)


def test_what_means_the_same_is_near_though_no_word_is_shared(minilm: MiniLM) -> None:
    pairs = [
        ("A kitten rested on a rug.", "The cat lay down upon the carpet."),
        ("Shares fell sharply today.", "The stock market plunged this afternoon."),
        ("My doctor prescribed antibiotics.", "A physician gave me medicine for an infection."),
    ]
    left = minilm.embed([one for one, _ in pairs])
    right = minilm.embed([other for _, other in pairs])
    cosines = left @ right.T
    assert np.all(np.diag(cosines) > 0.4)
    assert np.all(cosines[~np.eye(3, dtype=bool)] < 0.25)


def test_a_long_text_is_read_up_to_its_limit(minilm: MiniLM) -> None:
    beginning = "bread " * (LONGEST - 2)
    one, other = minilm.embed([beginning + "and physics", beginning + "and poetry"])
    assert np.array_equal(one, other)
    assert not np.array_equal(one, minilm.embed(["and physics " + beginning])[0])


def test_the_record_names_weights_and_runtime(minilm: MiniLM) -> None:
    assert minilm.details["sha256"].startswith("8199be6f699a395f")
    assert minilm.details["runtime"].startswith("onnxruntime ")
    assert minilm.version == "8199be6f699a395f-256"
