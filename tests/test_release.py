"""A release is refused where something does not hold; else it is built twice, and both are the same bytes."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from release import _build, _tree
from release.__main__ import main
from release._checklist import Facts, problems, version, version_of, with_heading, with_version

CHANGES = "# Changes\n\n## 0.10.0\n\n- More.\n\n## 0.9.0\n\n- Old.\n"
FINE = Facts((), ("v0.1.0", "v0.9.0", "a-tag-of-another-kind"), CHANGES, document_is_released=True)
PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "small"
description = "A small project."
readme = "README.md"
license = "MIT"
license-files = ["LICENSE"]
requires-python = ">=3.11"
dynamic = ["version"]
[tool.hatch.version]
path = "overlay/unified_video/_version.py"
[tool.hatch.build.targets.wheel]
packages = ["overlay/unified_video"]
"""
CONTRACT = "import sys; text = open('problem').read(); sys.stderr.write(text.strip()); sys.exit(bool(text))\n"


def changed(**changes: object) -> Facts:
    return Facts(**{name: changes.get(name, getattr(FINE, name)) for name in Facts.__slots__})  # type: ignore[arg-type]


def test_nothing_speaks_against_a_greater_version_that_the_changelog_tells_of() -> None:
    assert problems("0.10.0", FINE) == []  # greater than 0.9.0 as numbers, not as texts


@pytest.mark.parametrize(
    ("wanted", "facts", "words"),
    [
        ("0.9.0", changed(changelog="## 0.9.0\n\n- x\n"), "0.9.0 is released: a version must be greater"),
        ("0.8.9", changed(changelog="## 0.8.9\n\n- x\n"), "and 0.8.9 is not"),
        ("0.10", FINE, "is no version"),
        ("v0.10.0", FINE, "is no version"),
        ("0.10.0rc1", FINE, "is no version"),
        ("0.10.01", FINE, "is no version"),
        ("0.10.0", changed(changed=("README.md", "new.py")), "not what the commit holds: README.md, new.py"),
        ("0.11.0", FINE, "the first heading is '0.10.0'"),
        ("0.10.0", changed(changelog=""), "the first heading is ''"),
        ("0.10.0", changed(changelog="## 0.10.0\n\n## 0.9.0\n\n- Old.\n"), "nothing stands under '## 0.10.0'"),
        ("0.10.0", changed(changelog="## Unreleased\n\n"), "nothing stands under '## Unreleased'"),
        ("0.10.0", changed(document_is_released=False), "`python -m contract release` puts it there"),
    ],
)
def test_what_does_not_hold_is_said(wanted: str, facts: Facts, words: str) -> None:
    (found,) = problems(wanted, facts)
    assert words in found


def test_the_first_release_needs_no_tag() -> None:
    assert problems("0.10.0", changed(tags=())) == []


def test_all_that_does_not_hold_is_said_at_once() -> None:
    assert len(problems("0.1.0", changed(changed=("a",)))) == 3


def test_the_version_and_the_heading_are_put_in_their_places() -> None:
    module = '"""Words."""\n\n__version__ = "0.1.0"\n'
    assert version_of(module) == "0.1.0"
    assert with_version(module, "0.2.0") == module.replace("0.1.0", "0.2.0")
    assert with_heading("# C\n\n## Unreleased\n\n- x\n", "0.2.0") == "# C\n\n## 0.2.0\n\n- x\n"
    assert with_heading("## 0.2.0\n", "0.2.0") == "## 0.2.0\n"
    with pytest.raises(ValueError, match="no line"):
        version_of("VERSION = 1\n")


METADATA = """Metadata-Version: 2.4
Name: small
Version: {version}
Requires-Python: >=3.11
License-Expression: MIT
License-File: LICENSE
Description-Content-Type: text/markdown

{description}"""


def in_no_time(project: Path, target: Path, _seed: int) -> list[Path]:
    """What a build leaves, as far as it is looked at."""
    target.mkdir()
    number, description = _tree.current_version(project), (project / "README.md").read_text("utf-8")
    metadata = METADATA.format(version=number, description=description).encode()
    wheel, sdist = target / f"small-{number}-py3-none-any.whl", target / f"small-{number}.tar.gz"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(zipfile.ZipInfo(f"small-{number}.dist-info/METADATA"), metadata)
    with tarfile.open(sdist, "w") as archive:
        member = tarfile.TarInfo(f"small-{number}/PKG-INFO")
        member.size = len(metadata)
        archive.addfile(member, io.BytesIO(metadata))
    return [wheel, sdist]


class Git:
    """Says what git would, also on a machine that has none."""

    def __init__(self, tracked: list[str]) -> None:
        self.said: dict[tuple[str, ...], list[str]] = {("ls-files",): tracked}

    def __call__(self, _root: Path, *arguments: str) -> list[str]:
        return self.said.get(arguments, [])

    def tag(self, name: str, *, here: bool) -> None:
        self.said["tag",] = [name]
        self.said["tag", "--points-at", "HEAD"] = [name] if here else []


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small checkout in the shape of this one."""
    root = tmp_path / "checkout"
    files = {
        "pyproject.toml": PROJECT,
        "README.md": "# Small\n",
        "LICENSE": "MIT\n",
        "CHANGELOG.md": "# Changes\n\n## Unreleased\n\n- Something.\n",
        "problem": "",
        "openapi/unified_video.yaml": "openapi: 3.1.0\n",
        "openapi/released/unified_video-1.0.0.yaml": "openapi: 3.1.0\n",
        ".gitignore": "/dist/\n__pycache__/\n",
        "contract/__main__.py": CONTRACT,
        "overlay/unified_video/__init__.py": "",
        "overlay/unified_video/_version.py": '__version__ = "0.1.0"\n',
        "overlay/unified_video/gone.py": "",
    }
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, "utf-8")
    return root


@pytest.fixture
def git(project: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    found = Git([file.relative_to(project).as_posix() for file in project.rglob("*") if file.is_file()])
    monkeypatch.setattr(_tree, "_git", found)
    return found


@pytest.fixture
def quick(git: Git, monkeypatch: pytest.MonkeyPatch) -> Git:
    monkeypatch.setattr("release.__main__.build", in_no_time)
    return git


def dist(project: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (project / "dist").iterdir()}


@pytest.mark.usefixtures("git")
def test_a_release_is_built_twice_and_says_what_to_do_next(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["0.2.0"], project) == 0
    said = capsys.readouterr().out
    assert "Two builds, the same bytes." in said
    assert "git tag --annotate v0.2.0" in said
    assert sorted(dist(project)) == ["small-0.2.0-py3-none-any.whl", "small-0.2.0.tar.gz"]
    assert _tree.current_version(project) == "0.2.0"
    assert "## 0.2.0\n" in (project / "CHANGELOG.md").read_text("utf-8")


def test_a_release_may_be_made_again_from_its_tag(project: Path, quick: Git) -> None:
    assert main(["0.2.0"], project) == 0
    first = dist(project)
    quick.tag("v0.2.0", here=True)  # as the workflow finds it
    assert main(["0.2.0"], project) == 0
    assert dist(project) == first


def test_what_is_released_is_not_released_again(project: Path, git: Git, capsys: pytest.CaptureFixture[str]) -> None:
    git.tag("v0.2.0", here=False)
    assert main(["0.2.0"], project) == 1
    assert "0.2.0 is released" in capsys.readouterr().err


@pytest.mark.usefixtures("quick")
def test_a_rehearsal_takes_what_lies_there_and_changes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "overlay/unified_video/gone.py").unlink()
    assert main([], project) == 0
    assert "Nothing was changed." in capsys.readouterr().out
    assert _tree.current_version(project) == "0.1.0"
    assert not (project / "dist").exists()


@pytest.mark.usefixtures("quick")
def test_a_dry_run_builds_the_version_and_changes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["0.2.0", "--dry-run"], project) == 0
    assert "small-0.2.0-py3-none-any.whl" in capsys.readouterr().out
    assert _tree.current_version(project) == "0.1.0"
    assert not (project / "dist").exists()


def test_a_dirty_tree_is_refused(project: Path, git: Git, capsys: pytest.CaptureFixture[str]) -> None:
    git.said["status", "--porcelain"] = [" M README.md", "?? new.py"]
    assert main(["0.2.0"], project) == 1
    assert "README.md, new.py" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")
def test_git_itself_is_asked(project: Path) -> None:  # pragma: no cover - where there is no git
    nobody = ("git", "-c", "user.name=n", "-c", "user.email=n@example.invalid", "-c", "commit.gpgSign=false")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "1"], ["tag", "v1"], ["tag", "v2"]):
        subprocess.run([*nobody, *command], cwd=project, check=True, capture_output=True)
    assert _tree.facts(project) == Facts(
        (), (), "# Changes\n\n## Unreleased\n\n- Something.\n", document_is_released=True
    )
    subprocess.run([*nobody, "commit", "-qm", "2", "--allow-empty"], cwd=project, check=True, capture_output=True)
    (project / "é.py").touch()
    (project / "README.md").write_text("other", "utf-8")
    (project / "openapi/unified_video.yaml").write_text("openapi: 3.1.1\n", "utf-8")
    assert _tree.facts(project).changed == ("README.md", "openapi/unified_video.yaml", "é.py")
    assert not _tree.facts(project).document_is_released
    assert _tree.facts(project).tags == ("v1", "v2")
    _tree.copy(project, project.parent / "copy")
    assert (project.parent / "copy" / "README.md").read_text("utf-8") == "other"
    assert not (project.parent / "copy" / "é.py").exists()


@pytest.mark.parametrize(
    ("problem", "said"), [("the document breaks\n", "the document breaks"), (" ", "contract breaking failed")]
)
@pytest.mark.usefixtures("git")
def test_a_document_that_may_not_follow_stops_a_release(
    project: Path, capsys: pytest.CaptureFixture[str], problem: str, said: str
) -> None:
    (project / "problem").write_text(problem, "utf-8")
    assert main([], project) == 1
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("git")
def test_a_build_that_fails_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "README.md").unlink()
    assert main([], project) == 1
    assert "README.md" in capsys.readouterr().err


@pytest.mark.usefixtures("quick")
def test_metadata_that_an_index_refuses_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "README.md").write_text("", "utf-8")
    assert main([], project) == 1
    assert "small-0.1.0.tar.gz: it has no description as Markdown" in capsys.readouterr().err


def test_metadata_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    wheel = tmp_path / "small-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("small-1.0.0.dist-info/METADATA", "Metadata-Version: 2.4\nName: small\nVersion: new\n")
    (found,) = _build.metadata_problems(wheel, "1.0.0")
    assert "version" in found


def test_other_bytes_are_seen(tmp_path: Path) -> None:
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        for name, content in {"same": "x", "differs": folder, folder: ""}.items():
            (tmp_path / folder / name).write_text(content, "utf-8")
    found = _build.differences(*(sorted((tmp_path / folder).iterdir()) for folder in ("one", "other")))
    assert [line.partition(":")[0] for line in found] == ["differs", "one", "other"]


def test_the_version_at_hand_is_one(pytestconfig: pytest.Config) -> None:
    assert version(_tree.current_version(Path(pytestconfig.rootpath)))
