"""A warning points at the line of the code that called us."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import unified_video
from unified_video._caller import stack_level

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType

HERE = Path(unified_video.__file__).parent


def at(path: Path, source: str, **names: object) -> Callable[..., Any]:
    """A function `f` whose code says that it lies at `path`."""
    space: dict[str, Any] = {"warnings": warnings, "stack_level": stack_level, **names}
    exec(compile(source, str(path), "exec"), space)  # noqa: S102 - the source is ours
    found: FunctionType = space["f"]
    return found


WARNS = "def f():\n    warnings.warn('w', UserWarning, stack_level())\n"
CALLS = "def f():\n    return g()\n"


@pytest.mark.parametrize("folder", ["", "sandbox"])
def test_a_warning_points_outside_the_package_however_deep_it_is_raised(folder: str) -> None:
    inner = at(HERE / folder / "_core.py", WARNS)
    middle = at(HERE / "_client.py", CALLS, g=inner)
    with pytest.warns(UserWarning, match="w") as caught:
        middle()
    line = sys._getframe().f_lineno - 1
    assert (caught[0].filename, caught[0].lineno) == (__file__, line)


def test_a_folder_whose_name_begins_like_ours_is_not_ours() -> None:
    theirs = at(Path(f"{HERE}_of_a_user") / "job.py", CALLS, g=at(HERE / "_core.py", WARNS))
    with pytest.warns(UserWarning, match="w") as caught:
        theirs()
    assert caught[0].filename == f"{HERE}_of_a_user{os.sep}job.py"


def test_where_no_code_of_a_user_is_found_the_outermost_line_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Frame:
        f_back = None
        f_code = type("Code", (), {"co_filename": str(HERE / "__main__.py")})

    monkeypatch.setattr(sys, "_getframe", lambda _: Frame)
    assert stack_level() == 1
