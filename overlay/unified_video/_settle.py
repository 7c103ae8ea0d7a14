"""Settling by hand what no program can know: `uncertain` rows of a ledger; and the request of a row, made anew."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from . import _images
from ._call import checked_task_id
from ._errors import ConfigurationError
from ._record import hash_of
from ._validate import Prepared

if TYPE_CHECKING:
    from ._ledger import Ledger, LedgerRow


def accept(ledger: Ledger, key: str, task_id: str) -> None:
    """The create was accepted: its task goes on under this id."""
    _settle(ledger, key, "running", task_id=checked_task_id(task_id), error=None)


def forget(ledger: Ledger, key: str) -> None:
    """The create is given up, whatever came of it."""
    _settle(ledger, key, "failed", error="given up by hand")


def resend(ledger: Ledger, key: str) -> None:
    """The create was surely not accepted: it may be sent again. Refused where its images are not the same any more."""
    prepared_of(_uncertain(ledger, key))
    _settle(ledger, key, "new", error=None)


def _settle(ledger: Ledger, key: str, state: str, **changes: str | None) -> None:
    _uncertain(ledger, key)
    if not ledger.move(key, ["uncertain"], state, **changes):
        _refuse(key, "was changed by another process just now: look at it again")


def _uncertain(ledger: Ledger, key: str) -> LedgerRow:
    ledger.bury()
    row = next((row for row in ledger.rows() if row.key == key), None)
    if row is None:
        _refuse(key, "is not there: `unified-video tasks` lists the rows")
    if row.state != "uncertain":
        _refuse(key, f"is {row.state}: only what is uncertain can be settled")
    return row


def _refuse(key: str, why: str) -> NoReturn:
    raise ConfigurationError(f"row {key} of the ledger {why}")


def prepared_of(row: LedgerRow) -> Prepared:
    """The request of a row as it was sent; raises ConfigurationError where its images cannot be had again."""
    body = dict(row.request)
    images = body.get("images")
    if isinstance(images, list):
        body["images"] = [_image_again(row.key, image) for image in images]
    return Prepared(body, ())


def _image_again(key: str, image: object) -> object:
    if not isinstance(image, Mapping):
        return image
    if "file" not in image:
        _refuse(key, "cannot be sent again: it had an image that was given as bytes, which the ledger does not keep")
    loaded = _images.load(Path(str(image["file"])), "warning")
    if (
        any(violation.severity == "error" for violation in loaded.violations)
        or hash_of(loaded.wire[0]) != image["sha256"]
    ):
        _refuse(key, f"cannot be sent again: its image {image['file']} is gone or has changed")
    return loaded.wire[0]
