"""`python -m release [X.Y.Z] [--dry-run]`: everything that must hold before a tag, then what to do next.

Without a version it is a rehearsal: the builds alone, of the version at hand. It commits, tags and publishes nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from release import _tree
from release._build import BuildFailed, build, differences, metadata_problems
from release._checklist import problems

ROOT = Path(__file__).parents[1]
NEXT = """\
Next, once you have read the change:
  git commit --all --message 'Release {0}'    (where the version or the changelog was changed just now)
  git tag --annotate v{0} --message {0}
  git push --follow-tags
The workflow `release` makes the same bytes from the tag, and publishes them.
"""


def main(arguments: list[str], root: Path = ROOT) -> int:
    asked = _parser().parse_args(arguments)
    wanted = asked.version or _tree.current_version(root)
    found = [*(problems(wanted, _tree.facts(root)) if asked.version else ()), *_of_document(root)]
    if found:
        return _refused(found)
    with TemporaryDirectory() as folder:
        files, found = _built(root, wanted, Path(folder))
        if found:
            return _refused(found)
        kept = [] if asked.dry_run or not asked.version else _keep(root, wanted, files)
        _tell(files, kept, wanted)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nox -s release --", description=__doc__, allow_abbrev=False)
    parser.add_argument("version", nargs="?", metavar="X.Y.Z")
    parser.add_argument("--dry-run", action="store_true", help="check and build, and change nothing")
    return parser


def _of_document(root: Path) -> list[str]:
    """The document has a version and a changelog of its own."""
    command = [sys.executable, "-m", "contract", "breaking"]
    done = subprocess.run(command, cwd=root, check=False, capture_output=True, text=True)  # noqa: S603 - Python is ours
    return done.stderr.splitlines() or ["contract breaking failed"] if done.returncode else []


def _built(root: Path, wanted: str, folder: Path) -> tuple[list[Path], list[str]]:
    """Two builds in two places, and what is wrong with them."""
    one, another = folder / "one", folder / "another-place"
    _tree.copy(root, one)
    _tree.put_version(one, wanted)
    shutil.copytree(one, another)
    try:
        first, second = build(one, folder / "first", 1), build(another, folder / "second", 2)
    except BuildFailed as failed:
        return [], [str(failed)]
    return first, [*differences(first, second), *(line for file in first for line in metadata_problems(file, wanted))]


def _keep(root: Path, wanted: str, files: list[Path]) -> list[Path]:
    """The files in dist/, and the version where it stands."""
    _tree.put_version(root, wanted)
    dist = root / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    dist.mkdir()
    return [shutil.copyfile(file, dist / file.name) for file in files]


def _tell(files: list[Path], kept: list[Path], wanted: str) -> None:
    for file in files:
        content = file.read_bytes()
        sys.stdout.write(f"{hashlib.sha256(content).hexdigest()}  {file.name}  {len(content):,} bytes\n")
    sys.stdout.write("Two builds, the same bytes.\n")
    sys.stdout.write(f"They lie in dist/.\n{NEXT.format(wanted)}" if kept else "Nothing was changed.\n")


def _refused(found: list[str]) -> int:
    sys.stderr.write("".join(f"{problem}\n" for problem in found))
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
