"""The examples in other languages: what each needs, and how it is generated, compiled and run."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from contract import _node, _pip, _places
from contract._places import DOCUMENT, EXAMPLES, read_yaml
from contract._tool import ToolFailed, run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Command = list[str]

# Generated java needs javax.annotation.Generated, which left the JDK; Jackson lies in the generator's own jar.
ANNOTATIONS = ("geronimo-annotation-1.3-spec.jar", "javax.annotation-api.jar", "javax.annotation.jar")
JARS = (Path("/usr/share/java"), Path.home() / ".m2" / "repository")
_NEEDED = {
    "go": "go is missing: apt-get install golang-go",
    "java": "java is missing: apt-get install default-jdk-headless",
    "javac": "javac is missing: apt-get install default-jdk-headless",
}


@dataclass(frozen=True, slots=True)
class Language:
    """`generate` and `compile` work in a copy of the example; `example` and `vectors` give commands to run there."""

    name: str
    folder: str
    needs: tuple[str, ...]
    generate: Callable[[Path], None]
    compile: Callable[[Path], None]
    example: Callable[[Path], Command]
    vectors: Callable[[Path], Command]
    more: Callable[[], str] = lambda: ""
    """What else is missing."""

    def missing(self) -> str:
        """How to get what is not here; "" where all is."""
        lacking = [_NEEDED[command] for command in self.needs if shutil.which(command) is None]
        return "; ".join([*lacking, *filter(None, [self.more()])])

    def copy(self, folder: Path) -> Path:
        """The example as it is kept, without anything generated."""
        target = folder / self.folder
        ignored = (EXAMPLES / self.folder / ".gitignore").read_text("utf-8").split()
        names = [line.strip("/").rpartition("/")[2] for line in ignored]
        shutil.copytree(EXAMPLES / self.folder, target, ignore=shutil.ignore_patterns(*names))
        return target


def _put_document(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "document.json").write_text(json.dumps(read_yaml(DOCUMENT), ensure_ascii=False), "utf-8")


def _generate_typescript(folder: Path) -> None:
    _node.install()
    (folder / "node_modules").symlink_to(_places.NODE / "node_modules")
    generated = folder / "src" / "generated"
    _put_document(generated)
    # As package.json says, but for the place of the document.
    flags = ["--default-non-nullable=false", "--root-types", "--root-types-no-schema-prefix"]
    run([_node.tool("openapi-typescript"), str(DOCUMENT), *flags, "-o", str(generated / "api.ts")], cwd=folder)


def _compile_typescript(folder: Path) -> None:
    run([_node.tool("tsc")], cwd=folder)


def generator_jar() -> Path:
    """The jar inside the package openapi-generator-cli."""
    _pip.install()
    return next(Path(_pip.tool("python")).parent.parent.glob("**/openapi_generator_cli/openapi-generator.jar"))


def _openapi_generator(language: str, target: Path, options: Mapping[str, str], *more: str) -> None:
    shared = {"hideGenerationTimestamp": "true", "disallowAdditionalPropertiesIfNotPresent": "false"}
    properties = ",".join(f"{name}={value}" for name, value in {**shared, **options}.items())
    parts = "models,apis,supportingFiles,modelTests=false,apiTests=false,modelDocs=false,apiDocs=false"
    command = ["java", "-jar", str(generator_jar()), "generate", "-g", language, "-i", str(DOCUMENT), "-o", str(target)]
    run([*command, *more, "--additional-properties", properties, "--global-property", parts])


def _generate_go(folder: Path) -> None:
    _put_document(folder)
    _openapi_generator(
        "go",
        folder / "unifiedvideo",
        {"withGoMod": "false", "enumClassPrefix": "true"},
        "--package-name",
        "unifiedvideo",
    )


# Nothing is fetched: the standard library is enough.
_GO = {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local"}


def _compile_go(folder: Path) -> None:
    unformatted = run(["gofmt", "-l", *(str(path) for path in folder.glob("*.go"))])
    if unformatted.strip():
        raise ToolFailed(f"gofmt would change {unformatted}")
    run(["go", "vet", "./..."], cwd=folder, env=_GO)
    run(["go", "build", "-o", "example", "."], cwd=folder, env=_GO)


def annotations_jar() -> Path | None:
    found = (
        path for folder in JARS for name in ANNOTATIONS for path in folder.glob(f"**/{name.removesuffix('.jar')}*.jar")
    )
    return next(found, None)


def _lacking_jar() -> str:
    return "" if annotations_jar() else "no annotations jar: apt-get install libgeronimo-annotation-1.3-spec-java"


def _class_path(*more: Path) -> str:
    return ":".join(map(str, [generator_jar(), annotations_jar(), *more]))


def _generate_java(folder: Path) -> None:
    _put_document(folder / "out")
    packages = {
        "invokerPackage": "video.unified",
        "apiPackage": "video.unified.api",
        "modelPackage": "video.unified.model",
    }
    _openapi_generator("java", folder / "generated", {"openApiNullable": "false", **packages}, "--library", "native")


def _compile_java(folder: Path) -> None:
    """The generated sources by themselves, then ours, where every warning is an error."""
    generated = [str(path) for path in (folder / "generated" / "src" / "main").rglob("*.java")]
    ours = [str(path) for path in (folder / "src").rglob("*.java")]
    classes = folder / "generated" / "classes"
    run(["javac", "-proc:none", "-nowarn", "-cp", _class_path(), "-d", str(classes), *generated])
    strict = ["-proc:none", "-Xlint:all", "-Werror"]
    run(["javac", *strict, "-cp", _class_path(classes), "-d", str(folder / "out"), *ours])


def _java(folder: Path, program: str) -> Command:
    return ["java", "-cp", _class_path(folder / "generated" / "classes", folder / "out"), program]


LANGUAGES = (
    Language(
        "TypeScript",
        "typescript",
        (),
        _generate_typescript,
        _compile_typescript,
        lambda folder: ["node", str(folder / "out" / "example.js")],
        lambda folder: ["node", str(folder / "out" / "vectors.js")],
        _node.missing,
    ),
    Language(
        "Go",
        "go",
        ("go", "java"),
        _generate_go,
        _compile_go,
        lambda folder: [str(folder / "example")],
        lambda folder: [str(folder / "example"), "vectors"],
    ),
    Language(
        "Java",
        "java",
        ("java", "javac"),
        _generate_java,
        _compile_java,
        lambda folder: _java(folder, "example.Example"),
        lambda folder: _java(folder, "example.Vectors"),
        _lacking_jar,
    ),
)
