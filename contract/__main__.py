"""`python -m contract COMMAND`: `nox -l` lists the sessions that call these."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from contract import _page, _places, _release
from contract._places import read_yaml
from contract._tool import NotHere, ToolFailed

if TYPE_CHECKING:
    from collections.abc import Callable


def breaking() -> int:
    """Compares the document with its last release."""
    found = _release.problems(read_yaml(_places.DOCUMENT), _places.CHANGELOG.read_text("utf-8"))
    return _said(found, f"the document may follow {', '.join(_release.released()[:1]) or 'nothing'}")


def release() -> int:
    """Writes the document at hand into openapi/released/."""
    for path in _release.release():
        sys.stdout.write(f"{path}\n")
    return 0


def reference() -> int:
    """Makes docs/reference.html from the document."""
    sys.stdout.write(f"{_page.write()}\n")
    return 0


def linted() -> int:
    """The document before linters; every finding fails."""
    from contract import _lint

    return _said(_lint.findings(), "openapi-spec-validator, redocly and spectral find nothing")


def look() -> int:
    """Opens docs/reference.html in Chromium; pictures of it lie where it says."""
    from contract import _browser

    found, folder = _browser.look()
    return _said(found, f"the page is as it should be; pictures in {folder}")


def referees() -> int:
    """Schemathesis, Prism and a runner of Arazzo against the sandbox."""
    from contract import _referees

    sys.stdout.write("".join(f"{line}\n" for line in _referees.reports()))
    return 0


def polyglot() -> int:
    """Clients in other languages: generated, compiled, run; what is missing on this machine is named."""
    from contract import _polyglot

    outcomes = _polyglot.polyglot()
    sys.stdout.write(f"{_polyglot.table(outcomes)}\n")
    sys.stdout.write("".join(f"{one.language}: {one.problem}\n" for one in outcomes if one.problem))
    if all(one.is_missing for one in outcomes):
        sys.stdout.write("nothing was tried: no toolchain is here\n")
    return 1 if any(one.problem and not one.is_missing for one in outcomes) else 0


def _said(problems: list[str], fine: str) -> int:
    sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    if not problems:
        sys.stdout.write(f"{fine}\n")
    return 1 if problems else 0


COMMANDS: dict[str, Callable[[], int]] = {
    command.__name__: command for command in (breaking, release, reference, linted, look, referees, polyglot)
}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        sys.stderr.write("".join(f"{name}: {(command.__doc__ or '').strip()}\n" for name, command in COMMANDS.items()))
        return 2
    try:
        return COMMANDS[arguments[0]]()
    except NotHere as lacking:  # fails nothing: it is no fault of the document
        sys.stdout.write(f"{arguments[0]}: not here: {lacking}\n")
        return 0
    except ToolFailed as failed:
        return _said([str(failed)], "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
