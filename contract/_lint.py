"""The document and its workflow before linters that nobody here wrote: not one finding."""

from __future__ import annotations

from openapi_spec_validator import OpenAPIV31SpecValidator

from contract import _node, _places
from contract._places import read_yaml

_FOLDER = _places.ROOT / "contract"


def findings() -> list[str]:
    """What each linter has to say; empty for a clean document."""
    return [said for check in (_standard, _redocly, _spectral) for said in check()]


def _standard() -> list[str]:
    return [f"openapi-spec-validator: {error.message}" for error in OpenAPIV31SpecValidator(read_yaml(_places.DOCUMENT)).iter_errors()]  # type: ignore[arg-type]


def _redocly() -> list[str]:
    config = str(_FOLDER / "redocly.yaml")
    return _said([_node.tool("redocly"), "lint", "--max-problems=1000", "--config", config, str(_places.DOCUMENT), str(_places.WORKFLOW)])


def _spectral() -> list[str]:
    ruleset = str(_FOLDER / "spectral.yaml")
    return _said([_node.tool("spectral"), "lint", "--fail-severity=hint", "--ruleset", ruleset, str(_places.DOCUMENT)])


def _said(command: list[str]) -> list[str]:
    try:
        output = _node.run(command)
    except _node.ToolFailed as failed:
        return [str(failed)]
    # Redocly ends well with warnings: they count too.
    return [output] if " warning" in output.lower() and "deprecation warning" not in output.lower() else []
