"""A batch under an engine of your own: here a queue of the standard library; Celery, Temporal or Airflow do it alike.

    unified-video batch init --ledger postgresql://…
    python worker.py postgresql://… videos/ "a cat dancing" "a dog singing"

`enter` writes the rows, `advance(key)` takes one of them a step further and says when to call it again. Call it from
anywhere, as often as you like: the ledger sends a row once, keeps the limits of its model, and remembers everything.
"""

from __future__ import annotations

import queue
import sched
import sys
import time

from unified_video import UnifiedVideo, read_ledger
from unified_video.batch import advance, enter


def main(ledger: str, output: str, prompts: list[str]) -> None:
    with UnifiedVideo(timeout=20.0) as client:
        keys = enter(prompts, output=output, ledger=ledger, client=client)
        ready: queue.SimpleQueue[str] = queue.SimpleQueue()
        for key in keys:
            ready.put(key)
        later, left = sched.scheduler(), len(keys)
        while left:
            later.run(blocking=False)
            try:
                key = ready.get(timeout=0.05)
            except queue.Empty:
                continue
            seconds = advance(key, ledger=ledger, client=client)
            if seconds is None:
                left -= 1
            else:
                later.enter(seconds, 0, ready.put, (key,))
    for row in read_ledger(ledger):
        print(row.key, row.state, row.path)


if __name__ == "__main__":
    began = time.monotonic()
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
    print(f"{time.monotonic() - began:.1f} s")
