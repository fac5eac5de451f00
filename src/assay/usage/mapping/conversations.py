"""What a map looks at of a conversation: what the person wrote, and no more than its beginning."""

from __future__ import annotations

from assay.records import Transcript

LONGEST = 2000
"""Characters of a conversation that are looked at."""


def text_of(transcript: Transcript) -> str:
    """What the person wrote, as far as a map looks at it."""
    said, room = [], LONGEST
    for message in transcript.messages:
        if message.role == "user" and room > 0:
            said.append(message.content[:room])
            room -= len(message.content)
    return "\n".join(said)
