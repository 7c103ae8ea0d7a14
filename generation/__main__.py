"""`python -m generation` remakes `generated/`; with `--check` it only compares, and changes nothing."""

from __future__ import annotations

import importlib
import shutil
import sys
import tempfile
from pathlib import Path

from generation._check import name_problems, rule_problems
from generation._compare import differences
from generation._make import CLIENT, DOCUMENT, ROOT, TYPES, GenerationError, make, read_document

GENERATED = ROOT / "generated"
DIFFERS = "generated/ differs from the document: run `nox -s generate`"


def main(arguments: list[str]) -> int:
    try:
        with tempfile.TemporaryDirectory() as folder:
            _make_and_check(Path(folder))
            return _compare(Path(folder)) if "--check" in arguments else _replace(Path(folder))
    except GenerationError as error:
        sys.stderr.write(f"generation failed: {error}\n")
        return 1


def _make_and_check(folder: Path) -> None:
    document = read_document(DOCUMENT)
    _refuse(name_problems(document))
    make(DOCUMENT, folder)
    _refuse(rule_problems(document, known=_known_words(folder)))


def _refuse(problems: list[str]) -> None:
    if problems:
        raise GenerationError("\n".join(["the overlay could not follow this document", *problems]))


def _known_words(folder: Path) -> frozenset[str]:
    """What the overlay's evaluator knows; it is imported beside what was just made, since `generated/` may be empty."""
    sys.path[:0] = [str(ROOT / "overlay"), str(folder)]
    words: frozenset[str] = importlib.import_module("unified_video._schema").KNOWN_WORDS
    return words


def _replace(folder: Path) -> int:
    """Only now: a generator that failed has left what is there as it was."""
    for name in (CLIENT, TYPES):
        shutil.rmtree(GENERATED / name, ignore_errors=True)
        shutil.copytree(folder / name, GENERATED / name, ignore=shutil.ignore_patterns("__pycache__"))
    return 0


def _compare(folder: Path) -> int:
    found = differences(GENERATED, folder)
    if found:
        sys.stderr.write("\n".join([*found, "", DIFFERS, ""]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
