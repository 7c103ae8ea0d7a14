"""Options of the command line, made from the document at run time, and their texts turned into values.

A text becomes what its schema asks for where it reads as that. Else it goes on as it is, and the validation reports
it with all other mistakes.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, TypeVar

import click

from unified_video import _document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from click.shell_completion import CompletionItem

    from unified_video._document import Json

T = TypeVar("T")

_LONGEST_METAVAR = 60
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_METAVARS = {"integer": "N", "number": "NUMBER", "object": "JSON"}


class Option(click.Option):
    """An option that stands under a heading of the help."""

    def __init__(self, *declared: str, section: str, **settings: object) -> None:
        super().__init__(declared, **settings)  # type: ignore[arg-type] # click's own keywords, passed on
        self.section = section


class Command(click.Command):
    """A command whose help has its options under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = [parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option)]
        for title in (VIDEO, RUN, OTHER):
            there = [option for option in options if getattr(option, "section", OTHER) == title]
            records = [record for option in there if (record := option.get_help_record(ctx))]
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Examples, their lines kept as they are."""
        if self.epilog:
            with formatter.section("Examples"):
                formatter.write("".join(f"  {line}\n" for line in self.epilog.splitlines()))


VIDEO = "The video"
RUN = "How it is run"
OTHER = "Other options"


def general() -> list[click.Parameter]:
    return [
        Option("--json", section=OTHER, is_flag=True, help="Print one JSON object, an error too."),
        Option("--sandbox", section=OTHER, is_flag=True, help="Use a private sandbox: no key, nothing is paid."),
    ]


def service() -> list[click.Parameter]:
    return [
        Option(
            "--base-url",
            section=OTHER,
            metavar="URL",
            help="The address of your gateway [environment: UNIFIED_VIDEO_BASE_URL].",
        )
    ]


def ledger_place() -> Option:
    return Option(
        "--ledger",
        section=OTHER,
        metavar="PATH",
        help="Where tasks are written down [environment: UNIFIED_VIDEO_LEDGER; else the platform's state directory].",
        shell_complete=files,
    )


def ledger_options() -> list[click.Parameter]:
    return [
        ledger_place(),
        Option("--no-ledger", section=OTHER, is_flag=True, help="Write nothing down."),
    ]


def timeout() -> Option:
    return Option(
        "--timeout",
        section=RUN,
        type=float,
        default=_document.polling()["timeout_seconds"],
        show_default=True,
        metavar="SECONDS",
        help="How long to wait for the end of a task; 0 asks once, inf has no end.",
    )


def output(what: str, *, required: bool = True) -> Option:
    return Option("-o", "--output", section=RUN, required=required, metavar="FILE", help=what, shell_complete=files)


def files(_context: click.Context, _parameter: click.Parameter, start: str) -> list[CompletionItem | str]:
    """What a shell offers for a path: its own files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(start, type="file")]


def request() -> list[click.Parameter]:
    schemas = _document.fields()
    return [
        click.Argument(["prompt"], required=False),
        Option(
            "--prompt-file",
            section=VIDEO,
            metavar="FILE",
            help="Read the prompt from a file; - is stdin.",
            shell_complete=files,
        ),
        Option(
            "--model",
            section=VIDEO,
            metavar=metavar(schemas["model"]),
            # A paragraph of lines as they are: else names are broken at their hyphens.
            help="The model; see `unified-video models` [by default one that fits the images].\n\n\b\n"
            + "\n".join(schemas["model"]["enum"]),
            shell_complete=completion(schemas["model"]),
        ),
        Option(
            "--image",
            "images",
            section=VIDEO,
            multiple=True,
            metavar="PATH|URL",
            help="An image; may be repeated.",
            shell_complete=files,
        ),
        *video_options(),
        Option(
            "--extra",
            section=VIDEO,
            multiple=True,
            metavar="KEY=JSON",
            help="A field that is sent as it is, unchecked; may be repeated.",
        ),
        Option("--strict", section=RUN, is_flag=True, help="What only the vendor of the models rules is an error too."),
        Option("--dry-run", section=RUN, is_flag=True, help="Check, print what would be sent, and send nothing."),
    ]


def video_options() -> list[click.Parameter]:
    """One option for each optional field of the document."""
    return [_option(name, schema) for name, schema in _document.options().items()]


def _option(name: str, schema: Json) -> Option:
    flag = name.replace("_", "-")
    words = _help(schema)
    kinds = _kinds(schema)
    if kinds == ("boolean",):
        return Option(name, f"--{flag}/--no-{flag}", section=VIDEO, default=None, help=words)
    shape = _document.resolve(schema.get("items", {})) if "array" in kinds else schema
    return Option(
        name,
        f"--{flag}",
        section=VIDEO,
        multiple="array" in kinds,
        metavar=metavar(shape),
        help=words,
        shell_complete=completion(shape),
    )


def _help(schema: Json) -> str:
    default = schema.get("default")
    shown = str(default).lower() if isinstance(default, bool) else default
    return first_sentence(schema) + (f" [the service's default: {shown}]" if "default" in schema else "")


def first_sentence(schema: Json) -> str:
    text = " ".join(str(schema.get("description", "")).split())
    return re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0].replace("`", "")


def metavar(schema: Json) -> str:
    """What may be given, as short as the help can hold it."""
    if "enum" in schema:
        listed = "|".join(map(str, schema["enum"]))
        return listed if len(listed) <= _LONGEST_METAVAR else "NAME"
    if "minimum" in schema and "maximum" in schema:
        return f"{schema['minimum']}..{schema['maximum']}"
    return next((_METAVARS[kind] for kind in _kinds(schema) if kind in _METAVARS), "TEXT")


def completion(schema: Json) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem | str]] | None:
    """What a shell offers for a value."""
    values = [str(value) for value in schema.get("enum", ())]
    return (lambda _ctx, _param, start: [value for value in values if value.startswith(start)]) if values else None


def given(values: Mapping[str, object]) -> dict[str, object]:
    """The document's options that were given, in their types."""
    schemas = _document.options()
    typed = {name: _typed(schema, values.get(name)) for name, schema in schemas.items()}
    return {name: value for name, value in typed.items() if value is not None}


def _typed(schema: Json, value: object) -> object:
    if isinstance(value, tuple):
        items = _document.resolve(schema.get("items", {}))
        return [_typed(items, item) for item in value] or None
    if not isinstance(value, str):
        return value
    for kind in _kinds(schema):
        try:
            return _READERS[kind](value)
        except (ValueError, LookupError, RecursionError):
            continue
    return value


def _kinds(schema: Json) -> tuple[str, ...]:
    """The types that a value may have, but for null."""
    named = schema.get("type", ())
    return tuple(kind for kind in ((named,) if isinstance(named, str) else named) if kind != "null")


def _matched(pattern: re.Pattern[str], text: str, read: Callable[[str], T]) -> T:
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return read(text)


def _not_json(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")


def _object(text: str) -> object:
    found = json.loads(text, parse_constant=_not_json)
    if not isinstance(found, dict):
        raise ValueError(text)  # noqa: TRY004 - it is a text that does not read as an object
    return found


_READERS: dict[str, Callable[[str], object]] = {
    "boolean": {"true": True, "false": False}.__getitem__,
    "integer": lambda text: _matched(_INTEGER, text, int),
    "number": lambda text: _matched(_NUMBER, text, float),
    "object": _object,
    "string": str,
}


def unchecked(pairs: Sequence[str]) -> dict[str, object] | None:
    """`--extra KEY=JSON`, each of them; raises BadParameter. None where there is none."""
    return dict(map(_pair, pairs)) or None


def _pair(text: str) -> tuple[str, object]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise click.BadParameter(f"{text!r} is not KEY=JSON, such as 'style=\"anime\"'", param_hint="'--extra'")
    try:
        return key, json.loads(value, parse_constant=_not_json)
    except (ValueError, RecursionError):
        hint = f"{value!r} is no JSON; a text needs quotes of its own: --extra {key}='{json.dumps(value)}'"
        raise click.BadParameter(hint, param_hint="'--extra'") from None
