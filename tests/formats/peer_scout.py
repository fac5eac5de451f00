"""Run on its own: opens our transcripts with inspect_scout, and has it write some. Prints JSON."""

import asyncio
import json
import sys

from inspect_ai.model import ChatMessageAssistant, ChatMessageUser, ContentText
from inspect_scout import Transcript, transcripts_db, transcripts_from
from inspect_scout import columns as c
from inspect_scout._transcript.types import TranscriptContent

THEIRS = [
    Transcript(
        transcript_id="theirs-1",
        source_type="weave",
        source_id="w",
        source_uri="https://example.org",
        task_set="support",
        task_repeat=1,
        model="mockllm/model",
        score="C",
        success=True,
        total_tokens=12,
        messages=[
            ChatMessageUser(content=[ContentText(text="Hi"), ContentText(text="there")]),
            ChatMessageAssistant(content="Hello."),
        ],
        metadata={"account": "a1", "turns": 2, "tags": ["x", "y"]},
    ),
    Transcript(
        transcript_id="theirs-2",
        score={"kind": 1},
        messages=[ChatMessageUser(content="Bye")],
        metadata={"account": "a2"},
    ),
]


async def main(ours: str, log: str, folder: str) -> dict[str, object]:
    async with transcripts_from(ours).reader() as reader:
        infos = [info async for info in reader.index()]
    found = transcripts_from(ours).where(c.policy_area == "theft").where(c.input_tokens > 10)
    async with found.reader() as reader:
        selected = [info.transcript_id async for info in reader.index()]
    db = transcripts_db(ours)
    await db.connect()
    texts = {}
    async for info in db.select():
        whole = await db.read(info, TranscriptContent(messages="all"))
        texts[info.transcript_id] = [[message.role, message.text] for message in whole.messages]
    await db.disconnect()
    async with transcripts_from(log).reader() as reader:
        logged = [[info.transcript_id, info.task_id, info.score] async for info in reader.index()]
    db = transcripts_db(folder)
    await db.connect()
    await db.insert(THEIRS)
    await db.disconnect()
    return {
        "infos": [
            [info.transcript_id, info.task_set, info.model, info.total_tokens] for info in infos
        ],
        "selected": selected,
        "logged": logged,
        "messages": texts,
    }


print("\n" + json.dumps(asyncio.run(main(*sys.argv[1:]))))
