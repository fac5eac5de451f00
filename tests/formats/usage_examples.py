"""Rows of logs in the shapes that vendors and data sets write, in words of our own."""

from __future__ import annotations

import json
from typing import Any

ASKED = "How do I whittle a spoon?"
REPLY = "Take a green branch and a sharp knife."

OPENAI: dict[str, Any] = {
    "timestamp": "2026-03-01T10:00:00Z",
    "headers": {"User-Agent": "client/1.0", "X-Forwarded-For": "203.0.113.9, 10.0.0.1"},
    "request": {
        "model": "gpt-x",
        "temperature": 0.2,
        "user": "ann",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": ASKED}]},
        ],
    },
    "response": {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_772_359_200,
        "model": "gpt-x-2026",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": REPLY},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 20, "completion_tokens": 9},
    },
}
OPENAI_TOOLS: dict[str, Any] = {
    "request": {
        "model": "gpt-x",
        "messages": [
            {"role": "user", "content": "Is it raining in Oslo?"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": '{"city": "Oslo"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
        ],
    },
    "response": {
        "id": "chatcmpl-2",
        "object": "chat.completion",
        "choices": [{"message": {"role": "assistant", "content": "Yes."}}],
    },
}
OPENAI_RESPONSES: dict[str, Any] = {
    "request": {"model": "gpt-x", "instructions": "Be brief.", "input": ASKED},
    "response": {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_772_359_200,
        "status": "completed",
        "model": "gpt-x",
        "output": [
            {"type": "reasoning", "summary": []},
            {"type": "function_call", "call_id": "c1", "name": "find", "arguments": '{"q": 1}'},
            {"type": "function_call_output", "call_id": "c1", "output": "wood"},
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": REPLY}],
            },
        ],
        "usage": {"input_tokens": 20, "output_tokens": 9},
    },
}
OPENAI_BATCH: dict[str, Any] = {
    "id": "batch_req_1",
    "custom_id": "request-1",
    "response": {"status_code": 200, "request_id": "r", "body": OPENAI["response"]},
    "error": None,
}
OPENAI_STREAMED: dict[str, Any] = {
    "request": {"model": "gpt-x", "messages": [{"role": "user", "content": ASKED}]},
    "response": [
        {"object": "chat.completion.chunk", "choices": [{"delta": {"content": piece}}]}
        for piece in ("Take a green branch ", "and a sharp knife.")
    ],
}
CHATGPT: dict[str, Any] = {
    "title": "A spoon",
    "create_time": 1_772_359_200.5,
    "conversation_id": "c-1",
    "current_node": "d",
    "mapping": {
        "root": {"id": "root", "message": None, "parent": None, "children": ["a"]},
        "a": {
            "message": {
                "author": {"role": "system"},
                "content": {"content_type": "text", "parts": ["hidden"]},
                "metadata": {"is_visually_hidden_from_conversation": True},
            },
            "parent": "root",
        },
        "b": {
            "message": {
                "author": {"role": "user"},
                "content": {"content_type": "text", "parts": [ASKED]},
            },
            "parent": "a",
        },
        "left": {
            "message": {
                "author": {"role": "assistant"},
                "content": {"content_type": "text", "parts": ["A reply that was asked for again."]},
            },
            "parent": "b",
        },
        "c": {
            "message": {
                "author": {"role": "assistant"},
                "content": {"content_type": "thoughts", "thoughts": []},
            },
            "parent": "b",
        },
        "d": {
            "message": {
                "author": {"role": "assistant"},
                "content": {"content_type": "text", "parts": [REPLY]},
                "metadata": {"model_slug": "gpt-x"},
            },
            "parent": "c",
        },
    },
}
ANTHROPIC: dict[str, Any] = {
    "request": {
        "model": "claude-x",
        "max_tokens": 100,
        "system": [{"type": "text", "text": "Be brief."}],
        "metadata": {"user_id": "ann"},
        "messages": [
            {"role": "user", "content": "Is it raining in Oslo?"},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Oslo"}},
                ],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "rain"}],
            },
        ],
    },
    "response": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [{"type": "text", "text": "Yes."}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 30, "output_tokens": 3},
    },
    "created_at": "2026-03-01T10:00:00.123456789Z",
}
ANTHROPIC_BATCH: dict[str, Any] = {
    "custom_id": "one",
    "result": {"type": "succeeded", "message": ANTHROPIC["response"]},
}
ANTHROPIC_BATCH_FAILED: dict[str, Any] = {
    "custom_id": "two",
    "result": {"type": "errored", "error": {"type": "invalid_request", "message": "too long"}},
}
SHAREGPT: dict[str, Any] = {
    "id": "sg_1",
    "conversations": [{"from": "human", "value": ASKED}, {"from": "gpt", "value": REPLY}],
}
LMSYS: dict[str, Any] = {
    "conversation_id": "c1",
    "model": "vicuna-x",
    "conversation": [
        {"role": "user", "content": ASKED},
        {"role": "assistant", "content": REPLY},
    ],
    "turn": 1,
    "language": "English",
    "openai_moderation": [],
    "redacted": False,
}
WILDCHAT: dict[str, Any] = {
    "conversation_hash": "h1",
    "model": "gpt-x",
    "timestamp": "2023-04-09 00:02:53+00:00",
    "conversation": [
        {
            "role": "user",
            "content": ASKED,
            "hashed_ip": "aa11",
            "header": {"accept-language": "en", "user-agent": "browser"},
            "toxic": False,
        },
        {"role": "assistant", "content": REPLY},
    ],
    "turn": 1,
    "toxic": False,
    "country": "Norway",
}
ARENA: dict[str, Any] = {
    "question_id": "q1",
    "model_a": "a-x",
    "model_b": "b-x",
    "winner": "model_a",
    "conversation_a": LMSYS["conversation"],
    "conversation_b": LMSYS["conversation"],
    "tstamp": 1_682_351_591.1322,
}
ALPACA: dict[str, Any] = {"instruction": "Make it shorter.", "input": ASKED, "output": REPLY}
PAIR: dict[str, Any] = {"prompt": ASKED, "response": REPLY, "user_id": "ann", "date": "2026-03-01"}


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _any(value)} for key, value in values.items()]


def _any(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        return {"arrayValue": {"values": [_any(each) for each in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": _attributes(value)}}
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}


def span(attributes: dict[str, Any], events: Any = (), number: int = 1) -> dict[str, Any]:
    """A span as OTLP's JSON has it."""
    return {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": f"{number:016x}",
        "name": "chat",
        "startTimeUnixNano": str(1_772_359_200_000_000_000 + number),
        "endTimeUnixNano": str(1_772_359_201_000_000_000 + number),
        "attributes": _attributes(attributes),
        "events": [
            {"name": name, "attributes": _attributes(inside), "timeUnixNano": "1"}
            for name, inside in events
        ],
    }


def export(*spans: dict[str, Any]) -> dict[str, Any]:
    """An OTLP export of these spans."""
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes({"service.name": "shop"})},
                "scopeSpans": [{"scope": {"name": "x"}, "spans": list(spans)}],
            }
        ]
    }


def said(role: str, text: str) -> dict[str, Any]:
    """A message in the present conventions."""
    return {"role": role, "parts": [{"type": "text", "content": text}]}


PRESENT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-x",
    "gen_ai.response.id": "r1",
    "gen_ai.usage.input_tokens": 20,
    "gen_ai.usage.output_tokens": 9,
    "gen_ai.response.finish_reasons": ["stop"],
    "user.id": "ann",
    "client.address": "203.0.113.9",
    "gen_ai.input.messages": json.dumps([said("user", ASKED)]),
    "gen_ai.output.messages": json.dumps([said("assistant", REPLY)]),
}
OTEL_PRESENT = export(span(PRESENT))
OTEL_STRUCTURED = export(
    span(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": [said("user", ASKED)],
            "gen_ai.output.messages": [said("assistant", REPLY)],
        }
    )
)
OTEL_EVENTS = export(
    span(
        {"gen_ai.system": "openai", "gen_ai.request.model": "gpt-x"},
        [
            ("gen_ai.user.message", {"content": ASKED}),
            ("gen_ai.choice", {"message": json.dumps({"content": REPLY}), "index": 0}),
        ],
    )
)
OTEL_CONTENT = export(
    span(
        {"gen_ai.system": "openai", "gen_ai.request.model": "gpt-x"},
        [
            (
                "gen_ai.content.prompt",
                {"gen_ai.prompt": json.dumps([{"role": "user", "content": ASKED}])},
            ),
            ("gen_ai.content.completion", {"gen_ai.completion": REPLY}),
        ],
    )
)
OTEL_NUMBERED = export(
    span(
        {
            "gen_ai.request.model": "gpt-x",
            "llm.request.type": "chat",
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": ASKED,
            "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.content": REPLY,
        }
    )
)
OTEL_LOGS: dict[str, Any] = {
    "resourceLogs": [
        {
            "resource": {"attributes": _attributes({"service.name": "shop"})},
            "scopeLogs": [
                {
                    "logRecords": [
                        {
                            "timeUnixNano": "1772359200000000000",
                            "traceId": "5b8efff798038103d269b633813fc60c",
                            "spanId": "00000000000000aa",
                            "eventName": "gen_ai.user.message",
                            "body": _any({"content": ASKED}),
                        },
                        {
                            "timeUnixNano": "1772359201000000000",
                            "traceId": "5b8efff798038103d269b633813fc60c",
                            "spanId": "00000000000000aa",
                            "eventName": "gen_ai.choice",
                            "body": _any({"message": {"content": REPLY}, "index": 0}),
                        },
                    ]
                }
            ],
        }
    ]
}
OTEL = {
    "present": OTEL_PRESENT,
    "structured": OTEL_STRUCTURED,
    "events": OTEL_EVENTS,
    "content events": OTEL_CONTENT,
    "numbered": OTEL_NUMBERED,
    "logs": OTEL_LOGS,
}
