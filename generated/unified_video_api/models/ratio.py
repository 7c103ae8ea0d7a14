from typing import Literal

Ratio = Literal["16:9", "1:1", "21:9", "3:4", "4:3", "9:16", "9:21", "adaptive", "keep_ratio"]

RATIO_VALUES: set[Ratio] = {
    "16:9",
    "1:1",
    "21:9",
    "3:4",
    "4:3",
    "9:16",
    "9:21",
    "adaptive",
    "keep_ratio",
}


def check_ratio(value: str) -> Ratio:
    if value in RATIO_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RATIO_VALUES!r}")
