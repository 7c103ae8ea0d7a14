"""Twenty videos at once, from the lines of a file: one that fails stops no other.

python twenty.py prompts.txt videos/
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from unified_video import AsyncUnifiedVideo, UnifiedVideoError, Video, models

# How many tasks the model takes at once, from the document.
AT_ONCE = models()[0].max_concurrent or 5


async def make(client: AsyncUnifiedVideo, prompts: list[str], folder: Path) -> list[Video | UnifiedVideoError]:
    """A video or an error for each prompt, in their order."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(prompt: str) -> Video | UnifiedVideoError:
        async with free:
            try:
                return await client.generate(prompt, output=f"{folder}/")
            except UnifiedVideoError as error:
                return error

    return list(await asyncio.gather(*map(one, prompts)))


async def main(prompts: list[str], folder: Path) -> None:
    async with AsyncUnifiedVideo(ledger=folder / "ledger.sqlite3") as client:
        for prompt, made in zip(prompts, await make(client, prompts, folder), strict=True):
            print(f"{prompt}: {made.path if isinstance(made, Video) else made}")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).read_text("utf-8").splitlines(), Path(sys.argv[2])))
