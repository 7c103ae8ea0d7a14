"""Settling by hand what no program can know: `uncertain` rows of a ledger; and the request of a row, made anew."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from . import _images
from ._call import checked_task_id
from ._errors import ConfigurationError
from ._ledger.record import hash_of, is_mark
from ._validate import Prepared

if TYPE_CHECKING:
    from ._ledger.row import Ledger, LedgerRow


FORGOTTEN = "given up by hand"


def accept(ledger: Ledger, key: str, task_id: str) -> None:
    """The create was accepted: its task goes on under this id."""
    _settle(ledger, key, "running", task_id=checked_task_id(task_id), error=None)


def forget(ledger: Ledger, key: str) -> None:
    """The create is given up, whatever came of it; one that is still to be sent never is, then."""
    if _row(ledger, key).state != "new":
        _settle(ledger, key, "failed", error=FORGOTTEN)
    elif ledger.claim(key):  # as for a send: so nobody else sends it meanwhile
        ledger.move(key, ["sending"], "failed", error=FORGOTTEN)
    else:
        _refuse(key, "is in the hands of a living process, which is about to send it: end that first")


def resend(ledger: Ledger, key: str) -> None:
    """The create was surely not accepted: it may be sent again. Refused where its images are not the same any more."""
    row = _row(ledger, key)
    if row.state in {"uncertain", "new"}:
        prepared_of(row)
    if row.state == "new":
        _refuse(key, "is new: `unified-video resume` sends it")
    _settle(ledger, key, "new", error=None)


def _settle(ledger: Ledger, key: str, state: str, **changes: str | None) -> None:
    row = _row(ledger, key)
    if row.state != "uncertain":
        _refuse(key, f"is {row.state}: only what is uncertain can be settled")
    if not ledger.move(key, ["uncertain"], state, **changes):
        _refuse(key, "was changed by another process just now: look at it again")


def _row(ledger: Ledger, key: str) -> LedgerRow:
    ledger.bury()
    row = next((row for row in ledger.rows() if row.key == key), None)
    if row is None:
        _refuse(key, "is not there: `unified-video tasks` lists the rows")
    return row


def _refuse(key: str, why: str) -> NoReturn:
    raise ConfigurationError(f"row {key} of the ledger {why}")


def prepared_of(row: LedgerRow) -> Prepared:
    """The request of a row as it was sent; raises ConfigurationError where its images cannot be had again."""
    return Prepared({name: _again(row.key, value) for name, value in row.request.items()}, ())


def _again(key: str, value: object) -> object:
    if is_mark(value):
        return _image_again(key, value)
    if isinstance(value, Mapping):
        return {name: _again(key, item) for name, item in value.items()}
    return [_again(key, item) for item in value] if isinstance(value, list) else value


def _image_again(key: str, image: Mapping[str, object]) -> str:
    if "file" not in image:
        _unsendable(key, "it had an image that was given as bytes or as a data URI, which the ledger does not keep")
    loaded = _images.load(Path(str(image["file"])), "warning")
    is_gone = any(violation.severity == "error" for violation in loaded.violations)
    if is_gone or hash_of(loaded.wire[0]) != image["sha256"]:
        _unsendable(key, f"its image {image['file']} is gone or has changed")
    return loaded.wire[0]


def _unsendable(key: str, why: str) -> NoReturn:
    hint = f"create the video anew, and give this row up: unified-video tasks --forget {key}"
    _refuse(key, f"cannot be sent again: {why}; {hint}")
