"""The public names: one table, nothing loaded before it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import unified_video

# The public names, and the tree of errors.
PUBLIC = """
UnifiedVideo AsyncUnifiedVideo validate models Task TaskState Video Violation ModelInfo VideoOptions VideoModel Image
Retry LedgerRow read_ledger UnifiedVideoWarning __version__
UnifiedVideoError ConfigurationError InvalidRequest NotSent SubmissionUncertain APIError BadRequest AuthenticationError
InsufficientBalance PermissionDenied TaskNotFound RateLimited ServerError InvalidResponse TaskFailed ResultMissing
WaitTimeout DownloadFailed LinkExpired
""".split()  # noqa: SIM905 - one line a branch


def test_the_public_names_are_those_of_api_md() -> None:
    assert sorted(unified_video.__all__) == sorted(PUBLIC)
    assert unified_video.__all__ == sorted(PUBLIC)
    assert set(unified_video._TABLE) == set(PUBLIC)
    assert dir(unified_video) == unified_video.__all__


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_can_be_imported(name: str) -> None:
    vars(unified_video).pop(name, None)
    assert getattr(unified_video, name) is getattr(unified_video, name)
    assert name in vars(unified_video)


def test_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(unified_video.__file__).read_text("utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    names = {
        alias.asname or alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert names == set(PUBLIC)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'unified_video' has no attribute 'nothing'"):
        _ = unified_video.nothing
    assert not hasattr(unified_video, "document")


def test_the_import_loads_no_client_and_no_generated_code() -> None:
    code = "import sys, unified_video; print(*[m for m in sys.modules if m.startswith(('unified', 'httpx', 'attr'))])"
    path = [str(Path(folder)) for folder in sys.path if folder]
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(path)}
    )
    assert found.stdout.split() == ["unified_video"]
