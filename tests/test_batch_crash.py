"""kill -9 of a batch at every one of its steps, once; `nox -s crash` does each twenty times.

The short form on PostgreSQL, with two workers, is in test_batch_postgres.py.
"""

from __future__ import annotations

import os

import pytest
from batch_crash import matrix


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the matrix forks")
def test_one_machine_pays_once_whenever_it_is_killed() -> None:
    assert "14 kills" in matrix()
