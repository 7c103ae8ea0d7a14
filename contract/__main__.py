"""`python -m contract COMMAND`: `nox -l` lists the sessions that call these."""

from __future__ import annotations

import sys
from collections.abc import Callable

from contract import _places, _release
from contract._places import read_yaml


def breaking() -> int:
    """Compares the document with its last release."""
    found = _release.problems(read_yaml(_places.DOCUMENT), _places.CHANGELOG.read_text("utf-8"))
    return _said(found, f"the document may follow {', '.join(_release.released()[:1]) or 'nothing'}")


def release() -> int:
    """Writes the document at hand into openapi/released/."""
    for path in _release.release():
        sys.stdout.write(f"{path}\n")
    return 0


def _said(problems: list[str], fine: str) -> int:
    sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    if not problems:
        sys.stdout.write(f"{fine}\n")
    return 1 if problems else 0


COMMANDS: dict[str, Callable[[], int]] = {command.__name__: command for command in (breaking, release)}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        sys.stderr.write("".join(f"{name}: {(command.__doc__ or '').strip()}\n" for name, command in COMMANDS.items()))
        return 2
    return COMMANDS[arguments[0]]()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
