"""`unified-video`, also `python -m unified_video`. What needs nothing is answered before anything is imported."""

import sys

_MISSING = "unified-video: the command line needs {name}: pip install 'unified-video[cli]'\n"


def main() -> int:
    """The exit status; see the help for what each means."""
    try:
        return _main(sys.argv[1:])
    except ModuleNotFoundError as error:
        if error.name not in {"click", "platformdirs"}:
            raise
        sys.stderr.write(_MISSING.format(name=error.name))
        return 2
    except KeyboardInterrupt:  # before the command line was ready for it
        return 130


def _main(arguments: list[str]) -> int:
    if arguments == ["--version"]:
        from ._version import __version__

        return _printed(f"unified-video {__version__}\n")
    if arguments in (["--help"], ["-h"]):
        from ._cli.help import HELP

        return _printed(HELP)
    from ._cli.commands import main

    return main(arguments)


def _printed(text: str) -> int:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:  # who reads it has gone
        sys.stdout = None  # else Python complains of it at its end
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
