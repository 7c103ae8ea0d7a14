"""One round: start the program, kill it, look at what is left, go on with it, and look again."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from faults.answers import mp4

from kill.service import WHOLE, Alarm, Counting, task_id_of
from unified_video import LedgerRow, read_ledger

ROOT = Path(__file__).parents[2]
OLD = mp4(b"old")
_READY = b"ready\n"
_LONGEST_SECONDS = 60.0
_RUN_SECONDS = 0.25
"""About what a whole run takes, from the ready program on."""

# Pauses are a hundredth of what they are in earnest.
_COMMON = """
import asyncio, sys, time
from unified_video import AsyncUnifiedVideo, UnifiedVideo
from unified_video._io import run
from unified_video._resume import Told, resume, unfinished, workable

class Hasty:
    now, time = staticmethod(time.monotonic), staticmethod(time.time)
    def sleep(self, seconds):
        time.sleep(seconds / 100)

url, ledger, prompt, target = sys.argv[1:]
print("ready", flush=True)
"""
BLOCKING = f"""{_COMMON}
with UnifiedVideo(api_key="sk-of-the-kills", base_url=url, ledger=ledger) as client:
    client._use_clock(Hasty())
    client.generate(prompt, output=target)
"""
ASYNC = f"""{_COMMON}
async def main():
    async with AsyncUnifiedVideo(api_key="sk-of-the-kills", base_url=url, ledger=ledger) as client:
        client._use_clock(Hasty())
        await client.generate(prompt, output=target)
asyncio.run(main())
"""
RESUME = f"""{_COMMON}
with UnifiedVideo(api_key="sk-of-the-kills", base_url=url, ledger=ledger) as client:
    client._use_clock(Hasty())
    book = client._book.ledger
    run(resume(client._core, book, workable(unfinished(book), url), 60, Told()))
"""


@dataclass(frozen=True, slots=True)
class Left:
    """What was found after one kill, and after the program that went on."""

    state: str
    """Of the ledger's row, `absent` where there is none."""
    finished: bool
    """The program was done before the kill."""
    at_last: str
    creates: int
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """`seed` decides the program, the moment of the kill, and whether an old file lies at the place."""

    seed: int
    counting: Counting
    folder: Path

    def run(self) -> Left:
        chance = random.Random(self.seed)  # noqa: S311 - the schedule of a test
        prompt = f"p{self.seed}"
        ledger, target = self.folder / f"{prompt}.sqlite3", self.folder / f"{prompt}.mp4"
        before = OLD if chance.random() < 1 / 2 else None
        if before:
            target.write_bytes(before)
        finished = self._killed(chance, ledger, prompt, target)
        first = _row(ledger)
        faults = [*self._faults(first, prompt, target, before)]
        self._program(RESUME, ledger, prompt, target).wait(_LONGEST_SECONDS)
        last = _row(ledger)
        faults += self._faults(last, prompt, target, before)
        faults += self._unsettled(last, target)
        return Left(_state(first), finished, _state(last), self.counting.accepted[prompt], tuple(faults))

    def _killed(self, chance: random.Random, ledger: Path, prompt: str, target: Path) -> bool:
        """Whether the program was done before it could be killed."""
        event = chance.choice(["create", "query", "media", None])
        alarm = Alarm(event or "create", chance.randint(1, 3) if event == "query" else 1)
        self.counting.on_event = alarm
        process = self._program(chance.choice([BLOCKING, ASYNC]), ledger, prompt, target)
        if event:
            alarm.rang.wait(_LONGEST_SECONDS)
        time.sleep(chance.uniform(0, 0.05 if event else _RUN_SECONDS))
        process.kill()
        return process.wait(_LONGEST_SECONDS) == 0

    def _program(self, code: str, ledger: Path, prompt: str, target: Path) -> subprocess.Popen[bytes]:
        """Started, and ready: all is imported."""
        path = os.pathsep.join([str(ROOT / "overlay"), str(ROOT / "generated")])
        # A killed program would leave half a file of coverage's behind.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
        arguments = [sys.executable, "-c", code, self.counting.url, str(ledger), prompt, str(target)]
        process = subprocess.Popen(arguments, env={**environment, "PYTHONPATH": path}, stdout=subprocess.PIPE)
        with process.stdout as output:  # type: ignore[union-attr] # it is a pipe
            assert output.readline() == _READY
        return process

    def _faults(self, row: LedgerRow | None, prompt: str, target: Path, before: bytes | None) -> list[str]:
        """What must not be, at any moment."""
        accepted, task_id = self.counting.accepted[prompt], task_id_of(prompt)
        content = target.read_bytes() if target.exists() else None
        known = row is not None and row.task_id == task_id
        claims = {
            "accepted twice": accepted <= 1,
            "a half file": content in {before, WHOLE},
            "accepted, and not in the ledger": row is not None or not accepted,
            "accepted, and to be sent again": not (row and row.state == "new" and accepted),
            "accepted, and given up": not (row and row.state == "failed" and accepted),
            "asked about, and its id is not in the ledger": known or not self.counting.queried[task_id],
            "neither its id nor uncertain": known or not accepted or (row is not None and row.state == "uncertain"),
            "done without its file": not (row and row.state == "done") or content == WHOLE,
        }
        return [name for name, holds in claims.items() if not holds]

    def _unsettled(self, row: LedgerRow | None, target: Path) -> list[str]:
        """After going on, all is done but for what is uncertain."""
        claims = {
            "not gone on with": row is None or row.state in {"done", "uncertain"},
            "left-over part files": not list(self.folder.glob(f".{target.name}.part*")),
        }
        return [name for name, holds in claims.items() if not holds]


def _row(ledger: Path) -> LedgerRow | None:
    rows = read_ledger(ledger) if ledger.exists() else ()
    assert len(rows) <= 1
    return rows[0] if rows else None


def _state(row: LedgerRow | None) -> str:
    return row.state if row else "absent"
