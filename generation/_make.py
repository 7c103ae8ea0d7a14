"""Runs both generators, side by side, into one folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "openapi" / "unified_video.yaml"
SETTINGS = Path(__file__).with_name("openapi-python-client.yaml")
CLIENT = "unified_video_api"
TYPES = "unified_video_types"
HEADER = '"""Made by `nox -s generate` from openapi/unified_video.yaml; never edited."""'
RUFF = ("--quiet", "--isolated", "--no-cache", "--line-length=120", "--target-version=py311")


class GenerationError(Exception):
    """The document cannot be turned into code; the message names what is in the way."""


def read_document(path: Path) -> dict[str, object]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise GenerationError(f"{path} is not YAML: {error}") from error
    if not isinstance(document, dict):
        raise GenerationError(f"{path} is not an OpenAPI document")
    return document


def make(document: Path, target: Path) -> None:
    """Writes both packages into the folder `target`; what lay there under their names is replaced."""
    types = target / TYPES
    shutil.rmtree(types, ignore_errors=True)
    types.mkdir(parents=True)
    (types / "py.typed").touch()
    shutil.copyfile(document, types / "document.yaml")
    (types / "document.json").write_text(as_json(read_document(document)), encoding="utf-8")
    # Started together: each takes most of a second to import.
    client = _start("openapi-python-client", *_client_arguments(document, target / CLIENT))
    models = _start("datamodel-codegen", *_types_arguments(document, types / "__init__.py"))
    _finish(client)
    _finish(models)
    _finish(_start("ruff", "check", "--fix", "--extend-select=I", *_without_line_length(), str(types)))
    _finish(_start("ruff", "format", *RUFF, str(types)))


def as_json(document: dict[str, object]) -> str:
    """One line: it is read by programs, the YAML beside it by people."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def _without_line_length() -> list[str]:
    return [word for word in RUFF if not word.startswith("--line-length")]


def _client_arguments(document: Path, target: Path) -> list[str]:
    return [
        *("generate", "--meta", "none", "--overwrite", "--fail-on-warning"),
        *("--path", str(document), "--config", str(SETTINGS), "--output-path", str(target)),
    ]


def _types_arguments(document: Path, target: Path) -> list[str]:
    return [
        *("--input", str(document), "--input-file-type", "openapi", "--output", str(target)),
        *("--output-model-type", "typing.TypedDict", "--enum-field-as-literal", "all"),
        *("--use-schema-description", "--target-python-version", "3.11", "--custom-file-header", HEADER),
        # With the future import every annotation is a string, and __required_keys__ holds optional keys too.
        "--disable-future-imports",
        # Named, or the generator warns that its default will change; ruff, pinned, has the last word.
        *("--formatters", "builtin"),
        # Nothing is fetched: every $ref stays inside the document, and leads somewhere.
        *("--no-allow-remote-refs", "--strict-refs"),
    ]


def _start(command: str, *arguments: str) -> subprocess.Popen[str]:
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}", "NO_COLOR": "1"}
    # Its own interpreter's scripts first, so that hooks find the pinned ruff.
    return subprocess.Popen(  # noqa: S603 - every word of the command is ours
        [str(scripts / command), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment,
        cwd=ROOT,
    )


def _finish(process: subprocess.Popen[str]) -> None:
    """Anything on stderr is a warning, and a warning fails as an error does."""
    output, errors = process.communicate()
    if process.returncode or errors.strip():
        command = Path(str(process.args[0])).name if isinstance(process.args, list) else str(process.args)
        raise GenerationError(f"{command} failed or warned:\n{errors}{output}".rstrip())
