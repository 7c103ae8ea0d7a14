"""Text in any script as a picture: a font for each character, lines that fit, and code points where no font has one."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ._fonts import Face

_LONGEST, _MORE = 600, "..."  # in ASCII, which every font has
_LINE = 1.35
"""Height of a line, in sizes of the font."""
_SMALLEST = 10
_WIDE = {"W", "F"}
_CLOSING = {"Pe", "Pf", "Po"}
_ATTACHED = {"Mn", "Mc", "Me", "Cf", "Zs"}


@dataclass(frozen=True, slots=True)
class Run:
    """Characters that one font draws; those of no font are drawn as their code points."""

    text: str
    face: Face | None


class Typesetter:
    """Sets text with the fonts that it is given. Not to be shared by threads: font objects are not."""

    def __init__(self, faces: Sequence[Face]) -> None:
        self._faces = faces
        self._fonts: dict[tuple[Path | None, int], ImageFont.FreeTypeFont] = {}
        self._widths: dict[tuple[str, int], float] = {}

    def missing(self, text: str) -> str:
        """The characters that no font has, each once."""
        return "".join(dict.fromkeys("".join(run.text for run in self.runs(_tidy(text)) if run.face is None)))

    def block(self, text: str, width: int, height: int, size: int) -> Image.Image:
        """A mask of the text in lines, smaller than `size` where it does not fit, and cut where even that fails."""
        tidy = _tidy(text)
        while (lines := self.lines(tidy, width, size)) and len(lines) * size * _LINE > height and size > _SMALLEST:
            size = max(_SMALLEST, int(size * 0.85))
        most = max(1, int(height / (size * _LINE)))
        if len(lines) > most:
            lines = [*lines[: most - 1], lines[most - 1][:-3] + _MORE]
        return self._drawn(lines, width, size)

    def _drawn(self, lines: list[str], width: int, size: int) -> Image.Image:
        mask = Image.new("L", (width, max(1, int(len(lines) * size * _LINE))))
        draw = ImageDraw.Draw(mask)
        for number, line in enumerate(lines):
            x = 0.0
            for run in self.runs(line):
                x += self._draw(draw, run, (x, (number + 0.5) * size * _LINE), size)
        return mask

    def runs(self, text: str) -> list[Run]:
        found: list[Run] = []
        for character in text:
            last = found[-1] if found else None
            face = self._face(character, last)
            if last and last.face is face:
                found[-1] = Run(last.text + character, face)
            else:
                found.append(Run(character, face))
        return found

    def _face(self, character: str, last: Run | None) -> Face | None:
        """That of the character before it where that one has it: marks and spaces stay with their letters."""
        if last and last.face and (last.face.has(character) or unicodedata.category(character) in _ATTACHED):
            return last.face
        return next((face for face in self._faces if face.has(character)), None)

    def lines(self, text: str, width: int, size: int) -> list[str]:
        found, taken = [""], 0.0
        for unit in _units(text):
            wide = self.width(unit.rstrip(), size)
            if found[-1] and taken + wide > width:
                found.append("")
                taken = 0.0
            found[-1] += unit
            taken += self.width(unit, size)
        return [part for line in found for part in self._broken(line.rstrip(), width, size)]

    def _broken(self, line: str, width: int, size: int) -> list[str]:
        """A word that is longer than a line goes on in the next."""
        if self.width(line, size) <= width:
            return [line]
        parts, taken = [""], 0.0
        for character in line:
            wide = self.width(character, size)
            if parts[-1] and taken + wide > width:
                parts.append("")
                taken = 0.0
            parts[-1] += character
            taken += wide
        return parts

    def width(self, text: str, size: int) -> float:
        if (text, size) not in self._widths:
            self._widths[text, size] = sum(self._width(run, size) for run in self.runs(text))
        return self._widths[text, size]

    def _width(self, run: Run, size: int) -> float:
        if run.face is None:
            return len(run.text) * size
        return self._font(run.face, size).getlength(run.text)

    def _draw(self, draw: ImageDraw.ImageDraw, run: Run, at: tuple[float, float], size: int) -> float:
        """Draws at the left end and the middle of the line; returns the width."""
        if run.face is not None:
            # Anchored at the baseline, which all fonts of a line share.
            draw.text((at[0], at[1] + size * 0.36), run.text, 255, self._font(run.face, size), anchor="ls")
        else:
            for number, character in enumerate(run.text):
                self._draw_code(draw, character, (at[0] + number * size, at[1]), size)
        return self._width(run, size)

    def _draw_code(self, draw: ImageDraw.ImageDraw, character: str, at: tuple[float, float], size: int) -> None:
        """A frame with the code point in it, in two rows, such as 4E/2D."""
        code = f"{ord(character):04X}"
        half, font = (len(code) + 1) // 2, ImageFont.load_default(max(6, size * 0.4))
        x, y = at
        frame = (x + size * 0.06, y - size * 0.48, x + size * 0.94, y + size * 0.48)
        draw.rounded_rectangle(frame, size * 0.12, outline=200, width=max(1, size // 20))
        for row, digits in ((-0.2, code[:half]), (0.2, code[half:])):
            draw.text((x + size * 0.5, y + row * size), digits, 255, font, anchor="mm")

    def _font(self, face: Face, size: int) -> ImageFont.FreeTypeFont:
        if (face.path, size) not in self._fonts:
            self._fonts[face.path, size] = opened(face, size)
        return self._fonts[face.path, size]


def opened(face: Face, size: float) -> ImageFont.FreeTypeFont:
    if face.path is not None:
        return ImageFont.truetype(face.path, size)
    return ImageFont.load_default(size)  # type: ignore[return-value] # a size asks for the scalable one


def _tidy(text: str) -> str:
    """One line, in composed characters, without controls and what stands for half a character."""
    plain = " ".join(unicodedata.normalize("NFC", text[: 2 * _LONGEST]).split())
    shown = "".join(character for character in plain if unicodedata.category(character) not in {"Cc", "Cs"})
    return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + _MORE


def _units(text: str) -> list[str]:
    """What may not be broken: words with the space after them, and single characters of scripts without spaces."""
    return [unit for word in re.findall(r"\S+\s*", text) for unit in _split(word)]


def _split(word: str) -> Iterator[str]:
    unit = ""
    for character in word:
        # A mark that closes never begins a line.
        breaks = unicodedata.east_asian_width(character) in _WIDE and unicodedata.category(character) not in _CLOSING
        if unit and breaks:
            yield unit
            unit = ""
        unit += character
    yield unit
