"""Public benchmarks as samples: one small reader each, for the files that their authors publish."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from pathlib import Path
from typing import Any

from assay.errors import DefinitionError, Problem
from assay.formats.sheets import read_rows
from assay.records import Sample

LARGEST_JSON = 64 * 2**20
"""Bytes of a benchmark's .json file, which is read as a whole."""


def read_xstest(path: Path) -> list[Sample]:
    """XSTest's prompts: id, prompt, type, label, focus, note.

    The n-th prompt of a safe type and the n-th of its contrast were written as twins. Two of the
    safe types have no contrast of their own.
    """
    kinds: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for _, row in _rows(path, "id", "prompt", "type", "label"):
        kinds[row["type"]].append(row)
    twins = {safe: contrast for safe, contrast in _XSTEST_TWINS.items() if kinds[safe]}
    origin = {contrast: safe for safe, contrast in twins.items()}
    samples: list[Sample] = []
    for kind, rows in kinds.items():
        home = origin.get(kind, kind)
        paired = home in twins and len(kinds[twins[home]]) == len(kinds[home])
        for number, row in enumerate(rows, 1):
            pair = f"{home}-{number:02d}" if paired else None
            samples.append(
                Sample(
                    id=f"xstest-{row['id']}",
                    input=row["prompt"],
                    cluster=pair,
                    pair_id=pair,
                    polarity="benign" if row["label"] == "safe" else "violative",
                    policy_area=_XSTEST_AREAS.get(kind, kind),
                    language="en",
                    metadata=_some(row, "type", "focus", "note"),
                )
            )
    samples.sort(key=lambda sample: sample.pair_id is None)
    return interleaved(samples, lambda sample: sample.policy_area, lambda sample: sample.pair_id)


_XSTEST_TWINS = {
    "homonyms": "contrast_homonyms",
    "figurative_language": "contrast_figurative_language",
    "safe_targets": "contrast_safe_targets",
    "safe_contexts": "contrast_safe_contexts",
    "definitions": "contrast_definitions",
    "real_group_nons_discr": "contrast_discr",
    "historical_events": "contrast_historical_events",
    "privacy_fictional": "contrast_privacy",
}
_XSTEST_AREAS = {
    **{contrast: safe for safe, contrast in _XSTEST_TWINS.items()},
    "real_group_nons_discr": "discrimination",
    "nons_group_real_discr": "discrimination",
    "contrast_discr": "discrimination",
    "privacy_fictional": "privacy",
    "privacy_public": "privacy",
    "contrast_privacy": "privacy",
}


def read_strongreject(path: Path) -> list[Sample]:
    """StrongREJECT's forbidden prompts, the full set or the small one: category, source, prompt."""
    samples: list[Sample] = []
    for number, row in _rows(path, "category", "source"):
        prompt = row.get("forbidden_prompt") or row.get("meli_query")
        if not prompt:
            raise _fault(path, "there is no column forbidden_prompt.", number)
        samples.append(
            Sample(
                id=f"strongreject-{len(samples) + 1:03d}",
                input=prompt,
                polarity="violative",
                policy_area=row["category"].capitalize(),
                language="en",
                metadata={"source": row["source"]},
            )
        )
    return interleaved(samples, lambda sample: sample.policy_area)


def read_harmbench(path: Path) -> list[Sample]:
    """HarmBench's text behaviours. A context, where there is one, stands before the behaviour.

    Behaviours with the same context share a cluster.
    """
    samples = []
    for _, row in _rows(path, "Behavior", "SemanticCategory", "BehaviorID"):
        context = row.get("ContextString") or ""
        samples.append(
            Sample(
                id=row["BehaviorID"],
                input=f"{context}\n\n---\n\n{row['Behavior']}" if context else row["Behavior"],
                cluster=f"context-{_digest(context)[:8]}" if context else None,
                polarity="violative",
                policy_area=row["SemanticCategory"],
                language="en",
                metadata=_some(row, "FunctionalCategory", "Tags"),
            )
        )
    return interleaved(samples, lambda sample: sample.policy_area)


def read_simple_safety_tests(path: Path) -> list[Sample]:
    """SimpleSafetyTests: id, harm_area, category, prompts_final."""
    samples = [
        Sample(
            id=row["id"],
            input=row["prompts_final"],
            polarity="violative",
            policy_area=row["harm_area"],
            language="en",
            metadata=_some(row, "category"),
        )
        for _, row in _rows(path, "id", "harm_area", "prompts_final")
    ]
    return interleaved(samples, lambda sample: sample.policy_area)


def read_truthfulqa(path: Path) -> list[Sample]:
    """TruthfulQA with choices: mc_task.json (one true answer of several: MC1), or the csv (of two).

    The files put the true answer first; here each question's choices stand in an order that depends
    on its words alone.
    """
    if path.suffix.lower() != ".json":
        rows = _rows(path, "Question", "Best Answer", "Best Incorrect Answer")
        asked = (
            (row["Question"], row["Best Answer"], [row["Best Incorrect Answer"]], row)
            for _, row in rows
        )
    else:
        asked = (_mc1(path, number, item) for number, item in enumerate(_json_list(path), 1))
    samples = []
    for number, (question, right, wrong, row) in enumerate(asked, 1):
        samples.append(
            Sample(
                id=f"truthfulqa-{number:03d}",
                input=question,
                target=(right,),
                choices=_shuffled(question, [right, *wrong]),
                policy_area=row.get("Category"),
                language="en",
                metadata=_some(row, "Type", "Source"),
            )
        )
    return interleaved(samples, lambda sample: sample.policy_area)


def _mc1(path: Path, number: int, item: Any) -> tuple[str, str, list[str], dict[str, Any]]:
    try:
        targets = item["mc1_targets"]
        right = [answer for answer, true in targets.items() if true]
        wrong = [answer for answer, true in targets.items() if not true and answer.strip()]
        return str(item["question"]), right[0], wrong, {}
    except (TypeError, KeyError, AttributeError, IndexError):
        raise _fault(path, "an item has no question with mc1_targets.", number) from None


def read_model_written(path: Path) -> list[Sample]:
    """Anthropic's model-written evals: question, and the answers that (do not) match a behaviour.

    The target is the answer that matches the behaviour, which is seldom the wanted one.
    """
    samples = []
    for number, row in _rows(path, "question", *_MATCHING):
        matching, other = (str(row[key]).strip() for key in _MATCHING)
        question = row["question"]
        samples.append(
            Sample(
                id=f"{path.stem}-{number:04d}",
                input=question,
                target=(matching,),
                choices=_shuffled(question, sorted((matching, other))),
                policy_area=path.stem,
                language="en",
                metadata=_some(row, "statement", "label_confidence"),
            )
        )
    return scattered(samples)


_MATCHING = ("answer_matching_behavior", "answer_not_matching_behavior")


def read_bbq(path: Path) -> list[Sample]:
    """BBQ: a context, a question and three answers, with whom each answer is about.

    Questions made from one template share a cluster.
    """
    samples = []
    columns = ("example_id", "question_index", "category", "context", "question", "label")
    for number, row in _rows(path, *columns):
        answers = [str(row[f"ans{index}"]) for index in range(3) if f"ans{index}" in row]
        if row["label"] not in range(3) or len(answers) != 3:
            raise _fault(path, "a row has no three answers and a label of 0 to 2.", number)
        groups = row.get("answer_info") or {}
        samples.append(
            Sample(
                id=f"{row['category']}-{int(row['example_id']):05d}",
                input=f"{row['context']} {row['question']}",
                target=("ABC"[row["label"]],),
                choices=tuple(answers),
                cluster=f"{row['category']}-{row['question_index']}",
                policy_area=row["category"],
                language="en",
                metadata={
                    **_some(row, "question_polarity", "context_condition"),
                    "groups": [groups.get(f"ans{index}", ["", ""])[1] for index in range(3)],
                    **_some(row.get("additional_metadata") or {}, "stereotyped_groups"),
                },
            )
        )
    return scattered(samples)


def interleaved(
    samples: Iterable[Sample],
    area: Callable[[Sample], Hashable],
    together: Callable[[Sample], Hashable] = lambda sample: None,
) -> list[Sample]:
    """The samples with the areas taking turns, so that the first rows are a fair part of them all.

    Args:
        samples: in any order, which is kept within an area.
        area: what takes turns.
        together: samples of one such group (twins) follow each other; None is no group.
    """
    groups: dict[Hashable, list[Sample]] = {}
    for index, sample in enumerate(samples):
        name = together(sample)
        groups.setdefault(index if name is None else (name,), []).append(sample)
    turns: dict[Hashable, int] = defaultdict(int)
    placed = []
    for order, group in enumerate(groups.values()):
        home = area(group[0])
        placed.append((turns[home], order, group))
        turns[home] += 1
    return [sample for _, _, group in sorted(placed, key=lambda p: p[:2]) for sample in group]


def scattered(samples: Iterable[Sample]) -> list[Sample]:
    """The samples in an order that depends on their ids alone: the first are a fair part."""
    return sorted(samples, key=lambda sample: _digest(sample.id))


def _rows(path: Path, *columns: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a file that has these columns."""
    for number, row in read_rows(path):
        lacking = [column for column in columns if row.get(column) in (None, "")]
        if lacking:
            raise _fault(path, f"the row has no {', '.join(lacking)}.", number)
        yield number, row


def _json_list(path: Path) -> list[Any]:
    if path.stat().st_size > LARGEST_JSON:
        raise _fault(path, f"the file has more than {LARGEST_JSON:,} bytes.")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise _fault(path, f"this is not JSON ({error}).") from None
    if not isinstance(found, list):
        raise _fault(path, "this is no JSON list of questions.")
    return found


def _fault(path: Path, message: str, row: int | None = None) -> DefinitionError:
    remedy = "Is this the file that the benchmark's authors publish?"
    return DefinitionError([Problem(str(path), message, remedy, row=row)])


def _some(row: dict[str, Any], *columns: str) -> dict[str, Any]:
    return {column: row[column] for column in columns if row.get(column) not in (None, "")}


def _shuffled(question: str, choices: list[str]) -> tuple[str, ...]:
    """The choices in an order that depends on the question's and their own words alone."""

    return tuple(sorted(dict.fromkeys(choices), key=lambda each: _digest(f"{question}\0{each}")))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
