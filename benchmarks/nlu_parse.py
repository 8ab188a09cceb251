"""What a Rasa NLU model makes of many texts, in a process of its own and without a server.

`python -m benchmarks.nlu_parse MODEL`, with the texts as JSON on its input, prints one JSON line: for each text
`{"intent", "ranking", "intent_set", "out_of_scope", "entities"}`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any


def main() -> None:
    from rasa.core.agent import Agent

    agent = Agent.load(sys.argv[1])
    texts = json.loads(sys.stdin.read())
    print(json.dumps(asyncio.run(_parse(agent, texts))))


async def _parse(agent: Any, texts: Sequence[str]) -> list[dict[str, Any]]:
    return [_relevant(await agent.parse_message(text)) for text in texts]


def _relevant(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "intent": (found.get("intent") or {}).get("name"),
        "ranking": found.get("intent_ranking") or [],
        "intent_set": found.get("intent_set") or [],
        "out_of_scope": found.get("out_of_scope") or {},
        "entities": found.get("entities") or [],
    }


if __name__ == "__main__":
    main()
