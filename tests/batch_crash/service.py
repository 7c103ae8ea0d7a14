"""The sandbox in a process of its own: who forks, or counts memory, must have neither its threads nor its tasks."""

from __future__ import annotations

import os
import signal

from unified_video.sandbox import Sandbox, stub


def serve() -> tuple[str, int]:
    """Its address, and the process to end."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        with os.fdopen(reading) as pipe:
            return pipe.readline().strip(), child
    with Sandbox(render=stub).serve() as url:
        os.write(writing, f"{url}\n".encode())
        signal.sigwait({signal.SIGTERM})
        os._exit(0)
