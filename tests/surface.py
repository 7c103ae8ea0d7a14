"""The public surface as lines of text: what other people's programs are written against, and nothing of the document.

`nox -s listings` writes it to tests/public_surface.txt; what it means to change it stands in docs/versioning.md.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from unified_video import UnifiedVideoError, _document, testing
from unified_video._cli import commands as _cli

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = Path(__file__).with_name("public_surface.txt")
MODULES = ("unified_video", "unified_video.batch", "unified_video.sandbox")
OF_THE_DOCUMENT = {"VideoModel", "VideoOptions"}
"""Types whose content the document decides: a new model is no change of the surface."""
CONTEXT = {"__enter__", "__exit__", "__aenter__", "__aexit__"}


def write() -> None:
    FILE.write_text(text(), "utf-8")


def text() -> str:
    lines = [*(line for module in MODULES for line in _module(module)), *_plugin(), *_commands(), *_environment()]
    return "".join(f"{line}\n" for line in lines)


def _module(name: str) -> Iterator[str]:
    module = importlib.import_module(name)
    for public in sorted(module.__all__):
        yield from _thing(f"{name}.{public}", getattr(module, public))


def _thing(path: str, value: Any) -> Iterator[str]:
    if path.rpartition(".")[2] in OF_THE_DOCUMENT:
        yield f"{path}: from the document"
    elif inspect.isclass(value):
        yield from _class(path, value)
    elif callable(value) and hasattr(value, "__name__"):
        yield f"{_prefix(value)}{path}{_signature(value)}"
    else:
        yield path


def _class(path: str, kind: type[Any]) -> Iterator[str]:
    bases = ", ".join(base.__name__ for base in kind.__bases__ if base is not object)
    yield f"class {path}{_making(kind)}{f' is {bases}' if bases else ''}"
    yield from (f"{path}.{line}" for line in _attributes(kind))
    for name in sorted(vars(kind)):
        member = inspect.getattr_static(kind, name)
        if isinstance(member, property):
            yield f"{path}.{name}: {inspect.signature(member.fget).return_annotation}"  # type: ignore[arg-type] # all can be read
        elif inspect.isfunction(member) and (name in CONTEXT or not name.startswith("_")):
            yield f"{_prefix(member)}{path}.{name}{_signature(member)}"


def _making(kind: type[Any]) -> str:
    """How one is made: by its fields, in their order; and only the library makes an error."""
    if dataclasses.is_dataclass(kind):
        return " frozen" if kind.__dataclass_params__.frozen else " changing"  # type: ignore[attr-defined] # typeshed lacks it
    return "" if issubclass(kind, Exception | Enum) else _signature(kind)


def _attributes(kind: type[Any]) -> list[str]:
    if issubclass(kind, Enum):
        return [f"{member.name} = {member.value!r}" for member in kind]
    if dataclasses.is_dataclass(kind):
        parameters = inspect.signature(kind).parameters.values()
        return [_parameter(one) for one in parameters if one.name[0] != "_"]
    return _of_error(kind) if issubclass(kind, UnifiedVideoError) else []


def _of_error(kind: type[UnifiedVideoError]) -> list[str]:
    """The attributes that this error has, and no error above it."""
    above = [_attributes_of_one(base) for base in kind.__bases__ if issubclass(base, UnifiedVideoError)]
    return sorted(_attributes_of_one(kind).difference(*above))


def _attributes_of_one(kind: type[UnifiedVideoError]) -> set[str]:
    wanted = [one for one in inspect.signature(kind).parameters.values() if one.default is one.empty]
    return set(vars(kind(*("" for _ in wanted))))


def _prefix(function: object) -> str:
    return "async def " if inspect.iscoroutinefunction(function) else "def "


def _signature(function: Any) -> str:
    """Not as Python shows it: that differs by version, and has addresses of what is a default."""
    signature = inspect.signature(function)
    shown: list[str] = []
    for one in signature.parameters.values():
        if one.kind is one.KEYWORD_ONLY and not {"*"}.intersection(name[0] for name in shown):
            shown.append("*")
        if one.name[0] != "_" and one.name != "self":
            shown.append(_parameter(one))
    result = "" if inspect.isclass(function) else f" -> {signature.return_annotation}"
    return f"({', '.join(shown)}){result}"


def _parameter(one: inspect.Parameter) -> str:
    stars = "*" * (one.kind is one.VAR_POSITIONAL) or "**" * (one.kind is one.VAR_KEYWORD)
    default = "" if one.default is one.empty else f" = {getattr(one.default, '__name__', None) or repr(one.default)}"
    return f"{stars}{one.name}: {one.annotation}{default}"


def _plugin() -> list[str]:
    """The fixtures; read, since what a decorated one is differs by version of pytest."""
    tree = ast.parse(inspect.getsource(testing))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.decorator_list]
    return [f"fixture {node.name}: {ast.unparse(node.returns)}" for node in functions if node.returns]


def _commands() -> Iterator[str]:
    for path, command in _all_commands("unified-video", _cli.commands()):
        yield path
        yield from (f"{path} {_shown(one)}" for one in command.params if one.name not in _document.options())


def _all_commands(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    for name, inner in sorted(command.commands.items()):
        yield from _all_commands(f"{path} {name}", inner)


def _shown(one: click.Parameter) -> str:
    spelled = [one.human_readable_name] if isinstance(one, click.Argument) else [*one.opts, *one.secondary_opts]
    value = f" {one.metavar}" if one.metavar and one.name != "model" else ""  # the names of models: the document's
    # The time limit stands in the document.
    default = f" [{one.default}]" if isinstance(one.default, int) and one.default and one.name != "timeout" else ""
    marks = "".join([", required" * one.required, ", repeatable" * getattr(one, "multiple", False)])
    return f"{'/'.join(spelled)}{value}{default}{marks}"


def _environment() -> list[str]:
    """Every variable that the sources name."""
    folder = Path(inspect.getfile(_cli)).parent
    sources = "".join(file.read_text("utf-8") for file in sorted(folder.rglob("*.py")))
    return [f"environment {name}" for name in sorted(set(re.findall(r"_?UNIFIED_VIDEO_[A-Z_]+", sources)))]
