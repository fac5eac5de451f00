"""The least that such a run can cost: a bare loop that asks, and writes each transcript to a file.

``python floor.py SAMPLES.jsonl TRANSCRIPTS.jsonl CONNECTIONS``; the server is OPENAI_BASE_URL. No
journal, no tables, no retries, no limits: what Assay takes beyond this is what those cost.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any, BinaryIO

import aiohttp
import msgspec
import uvloop


class Sample(msgspec.Struct):
    id: str
    input: str
    target: str


class Message(msgspec.Struct):
    role: str
    content: str


class Body(msgspec.Struct):
    model: str
    messages: tuple[Message, ...]


class Choice(msgspec.Struct):
    message: Message
    finish_reason: str


class Completion(msgspec.Struct):
    choices: list[Choice]
    usage: dict[str, int]


class Transcript(msgspec.Struct):
    id: str
    model: str
    messages: tuple[Message, ...]
    stop_reason: str
    usage: dict[str, int]
    target: str
    score: int


_encode = msgspec.json.Encoder().encode
_sample = msgspec.json.Decoder(Sample)
_completion = msgspec.json.Decoder(Completion)


async def ask_all(samples: BinaryIO, transcripts: BinaryIO, connections: int) -> None:
    url = os.environ["OPENAI_BASE_URL"] + "/chat/completions"
    headers = {"Content-Type": "application/json", "Authorization": "Bearer fake-key"}
    connector = aiohttp.TCPConnector(limit=connections)

    async def worker(session: Any) -> None:
        for line in samples:
            sample = _sample.decode(line)
            asked = (Message("user", sample.input),)
            async with session.post(url, data=_encode(Body("fake", asked))) as response:
                completion = _completion.decode(await response.read())
            choice = completion.choices[0]
            told = Transcript(
                id=sample.id,
                model="fake",
                messages=(*asked, choice.message),
                stop_reason=choice.finish_reason,
                usage=completion.usage,
                target=sample.target,
                score=int(choice.message.content == sample.target),
            )
            transcripts.write(_encode(told) + b"\n")

    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        await asyncio.gather(*(worker(session) for _ in range(connections)))


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as samples, open(sys.argv[2], "wb") as transcripts:
        uvloop.run(ask_all(samples, transcripts, int(sys.argv[3])))
