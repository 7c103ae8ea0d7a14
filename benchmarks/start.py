"""What a program pays before its first call: import, a client, the command line, one create."""

from __future__ import annotations

import sys
from pathlib import Path

from ._measure import Line, command, in_turns, least, program
from ._server import service

# SSL_CERT_FILE and the like are read by all alike. Each line is a whole program.
HTTPX = "import httpx; httpx.Client()"
OURS = (
    "from unified_video import UnifiedVideo; UnifiedVideo(api_key='key-of-a-benchmark', base_url='https://a.example')"
)
RAW_CREATE = """
import sys, httpx
with httpx.Client(headers={"Authorization": "Bearer key-of-a-benchmark"}) as client:
    body = {"prompt": "a cat dancing", "model": "doubao-seedance-1-0-pro-250528", "seed": 7}
    answer = client.post(sys.argv[1] + "/v2/videos/generations", json=body)
    answer.raise_for_status()
    assert answer.json()["task_id"]
"""
OUR_CREATE = """
import sys
from unified_video import UnifiedVideo
with UnifiedVideo(api_key="key-of-a-benchmark", base_url=sys.argv[1]) as client:
    assert client.create("a cat dancing", seed=7).task_id
"""


def lines(rounds: int) -> list[Line]:
    python = sys.executable
    console = str(Path(python).with_name("unified-video"))
    with service() as url:
        found = least(
            in_turns(
                rounds,
                {
                    "bare": program(python, "pass"),
                    "httpx": program(python, "import httpx"),
                    "import": program(python, "import unified_video"),
                    "httpx client": program(python, HTTPX),
                    "client": program(python, OURS),
                    "help": command(console, "--help"),
                    "version": command(console, "--version"),
                    "raw create": program(python, RAW_CREATE, url),
                    "create": program(python, OUR_CREATE, url),
                },
            )
        )
    bare = found["bare"]

    def line(what: str, ours: str, other: str, beside: str, *, target: float, less: float = 0.0) -> Line:
        return Line(what, max(found[ours] - less, 0.0), found[other] - less, beside, "ms of CPU", target)

    return [
        line(
            "`import unified_video`",
            "import",
            "httpx",
            "`import httpx`, both over the bare interpreter",
            target=0.10,
            less=bare,
        ),
        line(
            "import, and a client",
            "client",
            "httpx client",
            "httpx's, over the bare interpreter",
            target=1.15,
            less=bare,
        ),
        line("`unified-video --help`", "help", "bare", "the bare interpreter", target=2.5),
        line("`unified-video --version`", "version", "bare", "the bare interpreter", target=1.5),
        line("a process that makes one create", "create", "raw create", "the same in raw httpx", target=1.15),
    ]
