from __future__ import annotations

import msgspec
import pytest

from assay.records import Message, ToolCall
from assay.report.entries import (
    MESSAGE_CHARACTERS,
    TRANSCRIPT_CHARACTERS,
    Teller,
    entry,
    facts,
    key_of,
    short,
    told_messages,
)
from tests.report.material import (
    CHOICE,
    EVALS,
    HOSTILE,
    LENGTH,
    RUBRIC,
    a_row,
    a_run,
    a_transcript,
)

TELLER = Teller(a_run("test/model", id="run"))
LONG = "x" * 1_000_000


class TestJudge:
    def test_a_row_without_score_makes_the_sample_unscored(self) -> None:
        transcript = a_transcript(eval=EVALS[2])
        rows = (a_row(transcript, value=0.0), a_row(transcript, LENGTH, unscored="scoring_failed"))
        assert TELLER.judge(transcript, rows)[0] == "unscored"

    @pytest.mark.parametrize(
        ("polarity", "value", "tier"),
        [
            ("violative", 0.0, "unwanted"),
            ("violative", 1.0, "rest"),
            ("benign", 1.0, "unwanted"),
            ("benign", 0.0, "rest"),
            ("benign", 0.5, "unwanted"),
            (None, 0.0, "rest"),
        ],
    )
    def test_what_is_unwanted_depends_on_the_request(
        self, polarity: str | None, value: float, tier: str
    ) -> None:
        transcript = a_transcript(polarity=polarity)
        assert TELLER.judge(transcript, (a_row(transcript, value=value),))[0] == tier

    def test_the_worst_score_counts_on_its_own_scale(self) -> None:
        transcript = a_transcript(eval=EVALS[4])
        tier, bad, _ = TELLER.judge(transcript, (a_row(transcript, RUBRIC, 2.0),))
        assert (tier, bad) == ("unwanted", 0.75)

    def test_scorers_without_bounds_or_unknown_are_never_unwanted(self) -> None:
        transcript = a_transcript(eval=EVALS[2])
        assert TELLER.judge(transcript, (a_row(transcript, LENGTH, 1e9),))[0] == "rest"
        assert TELLER.judge(transcript, (a_row(transcript, CHOICE, 0.0),))[0] == "rest"
        assert TELLER.judge(transcript, ())[0] == "rest"


class TestSide:
    def test_scores_are_told_in_words(self) -> None:
        transcript = a_transcript(stop_reason="max_tokens")
        rows = (a_row(transcript, value=0.0, label="complied", explanation="It does."),)
        side = TELLER.side(transcript, rows)
        (score,) = side["scores"]
        assert score["result"] == "complied (0)"
        assert score["unwanted"]
        assert score["explanation"] == "It does."
        assert side["stop"] == "max_tokens"

    def test_an_unscored_row_gives_its_reason_and_the_judges_own_words(self) -> None:
        transcript = a_transcript()
        row = a_row(transcript, unscored="invalid_response_format", raw='{"score": "fo')
        (score,) = TELLER.side(transcript, (row,))["scores"]
        assert score["result"] == "answer not in the expected form"
        assert score["raw"] == '{"score": "fo'
        assert (score["unscored"], score["unwanted"]) == (True, False)

    def test_a_choice_distribution_is_told_in_percent(self) -> None:
        transcript = a_transcript(choice_distribution={"A": 0.75, "B": 0.25})
        assert TELLER.side(transcript, ())["chances"] == "A 75%, B 25%"

    def test_size_is_bounded_whatever_comes(self) -> None:
        messages = tuple(Message("user", LONG) for _ in range(40))
        transcript = a_transcript(
            messages=messages,
            target=(LONG,) * 500,
            choices=(LONG,) * 500,
            error=LONG,
            sample_metadata={"a": LONG},
            policy_area=LONG,
            choice_distribution={f"{i}{LONG[:1000]}": 0.1 for i in range(500)},
        )
        rows = tuple(
            a_row(transcript, label=LONG, explanation=LONG, citations=(LONG,) * 500, raw=LONG)
            for _ in range(100)
        )
        side = TELLER.side(transcript, rows)
        about = facts(("e", LONG, 1), transcript)
        size = len(msgspec.json.encode(entry(about, "rest", [side, side])))
        assert size < 2_000_000


class TestMessages:
    def test_a_short_conversation_stays_whole(self) -> None:
        said = (Message("user", "Hello"), Message("assistant", "Good day"))
        assert told_messages(said) == [
            {"role": "user", "text": "Hello"},
            {"role": "assistant", "text": "Good day"},
        ]

    def test_a_long_message_says_how_much_is_gone(self) -> None:
        (told,) = told_messages((Message("assistant", "y" * (MESSAGE_CHARACTERS + 1234)),))
        assert told["text"].endswith("[1,234 more characters are not on this page]")

    def test_a_long_conversation_keeps_its_start_and_its_end(self) -> None:
        said = tuple(Message("user", f"{i} " + "z" * 1000) for i in range(100))
        told = told_messages(said)
        texts = [one["text"] for one in told]
        notes = [one for one in told if one["role"] == "note"]
        assert texts[0].startswith("0 ")
        assert texts[-1].startswith("99 ")
        assert notes == [
            {
                "role": "note",
                "text": f"{100 - len(told) + 1} messages are left out of this page here.",
            }
        ]
        assert sum(map(len, texts)) <= TRANSCRIPT_CHARACTERS + 200

    @pytest.mark.parametrize("count", [1, 499, 500, 501, 1000, 1001, 3000])
    def test_however_many_messages_none_vanishes_unsaid(self, count: int) -> None:
        told = told_messages((Message("user", "ab"),) * count)
        left = sum(int(m["text"].split()[0].replace(",", "")) for m in told if m["role"] == "note")
        assert sum(one["role"] != "note" for one in told) + left == count

    def test_tool_calls_are_told(self) -> None:
        call = ToolCall("1", "look_up\u202e", {"name": "<b>"})
        (told,) = told_messages((Message("assistant", "", tool_calls=(call,)),))
        assert told["text"] == 'asks for the tool look_up⟨U+202E⟩ with {"name":"<b>"}'


class TestEntry:
    def test_what_both_were_asked_is_told_once(self) -> None:
        ours, theirs = a_transcript(reply="No."), a_transcript(reply="Yes.")
        sides = [
            TELLER.side(one, (a_row(one, value=v),)) for one, v in ((ours, 1.0), (theirs, 0.0))
        ]
        told = entry(facts(key_of(ours, ()), ours), "rest", [*sides])
        assert [one["role"] for one in told["shared"]] == ["system", "user"]
        assert [side["messages"][0]["text"] for side in told["sides"]] == ["No.", "Yes."]
        assert told["differ"]

    def test_the_same_outcome_does_not_differ(self) -> None:
        transcript = a_transcript()
        side = TELLER.side(transcript, (a_row(transcript),))
        assert not entry(facts(("e", "s", 1), transcript), "rest", [side, side])["differ"]

    def test_another_question_is_not_called_shared(self) -> None:
        ours, theirs = a_transcript(asked="This?"), a_transcript(asked="That?")
        sides = [TELLER.side(one, ()) for one in (ours, theirs)]
        told = entry(facts(("e", "s", 1), ours), "rest", [*sides])
        assert [one["role"] for one in told["shared"]] == ["system"]

    def test_a_sample_that_the_baseline_lacks(self) -> None:
        transcript = a_transcript()
        told = entry(facts(("e", "s", 1), transcript), "rest", [TELLER.side(transcript, ()), None])
        assert told["sides"][1] is None
        assert not told["differ"]

    def test_labels_are_named_by_scorer(self) -> None:
        transcript = a_transcript()
        side = TELLER.side(transcript, (a_row(transcript, label="refused"),))
        assert entry(facts(("e", "s", 1), transcript), "rest", [side])["labels"] == [
            "refusal: refused"
        ]


def test_every_text_is_made_visible() -> None:
    transcript = a_transcript(
        0,
        asked=HOSTILE,
        reply=HOSTILE,
        policy_area=HOSTILE,
        language=HOSTILE,
        pair_id=HOSTILE,
        cluster=HOSTILE,
        target=(HOSTILE,),
        choices=(HOSTILE,),
        sample_metadata={HOSTILE: HOSTILE},
        stop_reason=HOSTILE,
        error=HOSTILE,
        choice_distribution={HOSTILE: 0.5},
    )
    row = a_row(
        transcript,
        unscored=HOSTILE,
        label=HOSTILE,
        explanation=HOSTILE,
        citations=(HOSTILE,),
        raw=HOSTILE,
        scored_by=HOSTILE,
        scorer_version=HOSTILE,
    )
    side = TELLER.side(transcript, (row,))
    told = msgspec.json.encode(
        entry(facts((HOSTILE, HOSTILE, 1), transcript), "rest", [side])
    ).decode()
    assert not set(told) & set("\u202e\u202c\u2066\u2069\u200b\x1b\x07")
    assert "⟨U+202E⟩" in told


def test_the_key_joins_the_same_sample_of_two_runs() -> None:
    ours, theirs = a_transcript(3, model="a"), a_transcript(3, model="b")
    assert key_of(ours, ()) == key_of(theirs, (a_row(theirs),)) == ("harmful-requests", "s0003", 1)
    lone = a_transcript(3, task_id=None, task_set=None, task_repeat=None)
    assert key_of(lone, ())[1] == lone.transcript_id


def test_short_counts_what_it_cuts() -> None:
    assert short("abc", 3) == "abc"
    assert short("abcd", 3) == "abc … [1 more characters are not on this page]"
