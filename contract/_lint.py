"""The document and its workflow before linters that nobody here wrote: not one finding."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from openapi_spec_validator import OpenAPIV31SpecValidator

from contract import _node, _places
from contract._places import read_yaml
from contract._tool import ToolFailed, run

_FOLDER = _places.ROOT / "contract"


def findings() -> list[str]:
    """What each linter has to say; empty for a clean document."""
    _node.install()
    return [said for check in (_standard, _redocly, _spectral) for said in check()]


def _standard() -> list[str]:
    return [
        f"openapi-spec-validator: {error.message}"
        for error in OpenAPIV31SpecValidator(read_yaml(_places.DOCUMENT)).iter_errors()
    ]


def _redocly() -> list[str]:
    """Redocly ends well with warnings: each problem counts, so they are read."""
    config = str(_FOLDER / "redocly.yaml")
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for path in (_places.DOCUMENT, _places.WORKFLOW):
            command = [
                _node.tool("redocly"),
                "lint",
                "--format=json",
                "--max-problems=1000",
                "--config",
                config,
                str(path),
            ]
            found += [f"redocly: {path.name}: {problem['message']}" for problem in _problems(command, Path(folder))]
    return found


def _problems(command: list[str], folder: Path) -> list[dict[str, str]]:
    """The report stands on stdout alone; advice on stderr."""
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, cwd=folder)  # noqa: S603 - ours
    problems: list[dict[str, str]] = json.loads(done.stdout)["problems"]
    return problems


def _spectral() -> list[str]:
    ruleset = str(_FOLDER / "spectral.yaml")
    command = [_node.tool("spectral"), "lint", "--fail-severity=hint", "--ruleset", ruleset, str(_places.DOCUMENT)]
    try:
        run(command)
    except ToolFailed as failed:
        return [str(failed)]
    return []
