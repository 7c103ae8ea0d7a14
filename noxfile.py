# /// script
# requires-python = ">=3.11"
# dependencies = ["nox>=2025.5.1"]
# ///
"""All checks: `nox` runs lint, types, imports, tests, drift and package; `nox -l` lists the rest.

The sessions on one interpreter share one environment, and an environment is only filled again when what it is filled
from has changed: a second run spends its time on checking.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import shutil
import sys
import tomllib
from pathlib import Path

import nox

ROOT = Path(__file__).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
VERSIONS = ("3.11", "3.12", "3.13")
DIST = ROOT / ".nox" / "dist"
# Each checker obeys its own ignores only, and says where it needs none: so both must refuse what the program claims.
USER_PYRIGHT = {
    "typeCheckingMode": "strict",
    "enableTypeIgnoreComments": False,
    "reportUnnecessaryTypeIgnoreComment": True,
}

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv" if shutil.which("uv") else "virtualenv"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = False  # also under CI: what the machine has is tested
nox.options.sessions = ["lint", "types", "imports", "tests", "drift", "package"]


def pyenv_versions(folder: Path) -> list[str]:
    """The newest patch of each version of Python that pyenv holds."""
    found = [name.name for name in folder.glob("3.*") if re.fullmatch(r"3\.\d+\.\d+", name.name)]
    found.sort(key=lambda name: [int(part) for part in name.split(".")])
    newest = {name.rpartition(".")[0]: name for name in found}
    return [newest[version] for version in VERSIONS if version in newest]


# pyenv's shims run only the versions that are named: without this, python3.12 is found and does not start.
_installed = pyenv_versions(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions")
if _installed:
    os.environ.setdefault("PYENV_VERSION", ":".join(_installed))
# Settings of the person at the keyboard reach no check: an account, a ledger, a path.
for _name in ("UNIFIED_VIDEO_API_KEY", "UNIFIED_VIDEO_BASE_URL", "UNIFIED_VIDEO_LEDGER", "PYTHONPATH"):
    os.environ.pop(_name, None)


def group(*names: str) -> tuple[str, ...]:
    return nox.project.dependency_groups(PROJECT, *names)


def changed(stamp: Path, *sources: str) -> bool:
    """Whether an environment must be filled (again): its sources, or the project's dependencies, are others now."""
    wanted = fingerprint(*sources)
    return not (stamp.exists() and stamp.read_text() == wanted)


def fingerprint(*sources: str) -> str:
    """Of what decides what is installed: the settings of the checkers in pyproject.toml do not."""
    deciding = [PROJECT["build-system"], PROJECT["project"], PROJECT["dependency-groups"], PROJECT["tool"]["hatch"]]
    return hashlib.sha256(json.dumps([*sources, *deciding]).encode()).hexdigest()


def fill(session: nox.Session, *arguments: str) -> None:
    """Installs into the session's own environment."""
    stamp = Path(session.virtualenv.location) / "filled"
    if changed(stamp, *arguments):
        session.install("--quiet", "--quiet", *arguments)
        stamp.write_text(fingerprint(*arguments))


def environment(session: nox.Session, name: str, *arguments: str, sources: tuple[str, ...] = ()) -> Path:
    """The folder of scripts of an environment that several sessions share; nox knows only one for each session."""
    folder = ROOT / ".nox" / name
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    if changed(folder / "filled", *arguments, *sources):
        # What is built anew under the same version goes into an empty environment; all else is brought up to date.
        session.run(sys.executable, "-m", "venv", *(["--clear"] if sources else []), str(folder), external=True)
        pip = (str(scripts / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check")
        session.run(*pip, *arguments, external=True)
        (folder / "filled").write_text(fingerprint(*arguments, *sources))
    return scripts


def check(session: nox.Session, command: str, *arguments: str, **variables: str) -> None:
    """Runs a command of the environment that holds everything, with these variables set."""
    scripts = environment(session, "check", "--editable", ".[cli,sandbox,batch]", *group("check"))
    path = f"{scripts}{os.pathsep}{os.environ['PATH']}"
    session.run(str(scripts / command), *arguments, external=True, env={"PATH": path, **variables})


def installed_wheel(session: nox.Session) -> Path:
    """The Python of an environment that holds the built wheel as a user installs it, and no sources."""
    shutil.rmtree(DIST, ignore_errors=True)
    check(session, "python", "-m", "build", "--no-isolation", "--outdir", str(DIST))
    wheel = next(DIST.glob("*.whl"))
    content = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return environment(session, "wheel", f"{wheel}[cli,sandbox]", sources=(content,)) / "python"


@nox.session(python=False)
def lint(session: nox.Session) -> None:
    """Format and every rule of ruff."""
    check(session, "ruff", "format", "--check", ".")
    check(session, "ruff", "check", ".")


@nox.session(python=False)
def types(session: nox.Session) -> None:
    """mypy and pyright on the sources, then both on a user's program against the installed wheel."""
    check(session, "mypy")
    check(session, "pyright", "--warnings")
    python = str(installed_wheel(session))
    program = Path(session.create_tmp()) / "typing_api.py"  # beside no source: only the wheel is seen
    shutil.copyfile(ROOT / "tests" / "typing_api.py", program)
    program.with_name("pyrightconfig.json").write_text(json.dumps(USER_PYRIGHT))
    with session.chdir(program.parent):
        # Without the project's settings, which lead back to the sources.
        check(session, "mypy", "--strict", "--config-file=", "--python-executable", python, program.name)
        check(session, "pyright", "--warnings", "--pythonpath", python, program.name)


@nox.session(python=False)
def imports(session: nox.Session) -> None:
    """The rows: each module imports only what lies below it."""
    check(session, "lint-imports", "--no-cache")


@nox.session(python=VERSIONS)
def tests(session: nox.Session) -> None:
    """The suite, on the first Python with branch coverage; what follows `--` goes to pytest, and then without."""
    fill(session, "--editable", ".[cli,sandbox,batch]", *group("test"))
    if session.posargs:
        session.run("pytest", *session.posargs)
        return
    suite = ("pytest", "--numprocesses=auto", "--dist=worksteal")  # each core takes tests that another has not begun
    if session.python != VERSIONS[0]:
        session.run(*suite)
        return
    data = {"COVERAGE_FILE": str(Path(session.virtualenv.location) / "coverage")}
    session.run("coverage", "erase", env=data)
    # Not --cov: that starts after our own pytest plugin is imported.
    session.run("coverage", "run", "-m", *suite, env=data)
    session.run("coverage", "combine", "--quiet", env=data)
    session.run("coverage", "report", env=data)


@nox.session(python=False)
def drift(session: nox.Session) -> None:
    """Whether generated/ is what the document gives; changes nothing."""
    check(session, "python", "-m", "generation", "--check")


@nox.session(python=False)
def package(session: nox.Session) -> None:
    """Builds, installs into an environment of its own, and makes a video with what was installed."""
    python = installed_wheel(session)
    session.run(str(python), "-I", "tests/package.py", str(DIST), external=True)


@nox.session(python=False, default=False)
def generate(session: nox.Session) -> None:
    """Makes generated/ from openapi/unified_video.yaml."""
    check(session, "python", "-m", "generation")


@nox.session(python=VERSIONS[0], default=False)
def minimums(session: nox.Session) -> None:
    """The suite with the lowest versions that pyproject.toml allows."""
    project = PROJECT["project"]
    lines = [*project["dependencies"], *itertools.chain.from_iterable(project["optional-dependencies"].values())]
    lowest = [re.sub(r">=([\w.]+).*", r"==\1", line) for line in lines]
    fill(session, "--editable", ".[cli,sandbox,batch]", *lowest, *group("test"))
    session.run("pytest", *session.posargs)


@nox.session(python=False, default=False)
def dev(session: nox.Session) -> None:
    """An environment to work in, with everything that the checks use; prints how to enter it."""
    check(session, "python", "--version")
    session.log("source .nox/check/bin/activate")


# What tries the document out; one version each: another one finds other things. Their dependencies disagree with ours.
TOOLS = ("openapi-generator-cli==7.26.0", "schemathesis==4.32.5")
NODE = "apt-get install nodejs npm"
CHROMIUM = "apt-get install chromium fonts-dejavu-core"


def contract(session: nox.Session, command: str) -> None:
    """One of the programs of contract/, with the tools in reach."""
    tools = str(environment(session, "tools", *TOOLS))
    if tools not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] += f"{os.pathsep}{tools}"
    check(session, "python", "-m", "contract", command)


def has_node(session: nox.Session) -> bool:
    if shutil.which("npm") is None:
        session.warn(f"without node: {NODE}")
    return shutil.which("npm") is not None


def has_chromium(session: nox.Session) -> bool:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        session.warn(f"without Chromium: {CHROMIUM}")
    return found is not None


@nox.session(python=False, default=False)
def breaking(session: nox.Session) -> None:
    """Whether the document may follow its last release: version and changelog fit to what changed."""
    check(session, "python", "-m", "contract", "breaking")


@nox.session(python=False, default=False)
def linted(session: nox.Session) -> None:
    """The document before openapi-spec-validator, redocly and spectral: not one finding."""
    if not has_node(session):
        session.skip(NODE)
    contract(session, "linted")


@nox.session(python=False, default=False)
def reference(session: nox.Session) -> None:
    """Makes docs/reference.html from the document, and opens it in Chromium."""
    check(session, "python", "-m", "contract", "reference")
    if not has_chromium(session):
        session.skip(CHROMIUM)
    contract(session, "look")


@nox.session(python=False, default=False)
def referees(session: nox.Session) -> None:
    """Schemathesis, Prism and a runner of Arazzo against the sandbox."""
    if not has_node(session):
        session.skip(NODE)
    contract(session, "referees")


@nox.session(python=False, default=False)
def polyglot(session: nox.Session) -> None:
    """All that tries the document out: linters, page, referees, and clients in TypeScript, Go and Java."""
    check(session, "python", "-m", "contract", "breaking")
    if has_node(session):
        contract(session, "linted")
        contract(session, "referees")
    if has_chromium(session):
        contract(session, "look")
    contract(session, "polyglot")


# The long runs of tests that the suite holds in short: their figures stand in docs/measured.md.


@nox.session(python=False, default=False)
def schedules(session: nox.Session) -> None:
    """10,000 schedules of faults and deaths, and as many hostile answers. Some minutes."""
    tests_of = ("tests/test_schedules.py", "tests/test_hostile.py")
    check(session, "pytest", *tests_of, *session.posargs, SCHEDULES="10000")


@nox.session(python=False, default=False)
def kill(session: nox.Session) -> None:
    """kill -9 of 200 programs that make a video. Some minutes."""
    check(session, "pytest", "tests/test_kill.py", *session.posargs, KILLS="200")


@nox.session(python=False, default=False)
def faults_page(session: nox.Session) -> None:
    """Makes docs/faults.md from the table of faults in the tests."""
    code = "from faults.page import write; write()"
    check(session, "python", "-c", code, PYTHONPATH="tests")


@nox.session(python=VERSIONS[0], default=False)
def mutation(session: nox.Session) -> None:
    """Changes the modules that decide, one small change at a time, and counts what no test notices. Hours."""
    fill(session, "--editable", ".[cli,sandbox,batch]", *group("test"), "mutmut==3.8.1")
    session.run("python", "-m", "mutation", *session.posargs)


NODE_PACKAGES = ("axe-core@4.14.1", "typescript@5.9.3", "@types/node@20.19.0")
"""For the tests of the playground alone: nothing of them is shipped."""


@nox.session(python=VERSIONS[0], default=False)
def browser(session: nox.Session) -> None:
    """The playground in Debian's Chromium, by Playwright, with axe-core: `apt install chromium fonts-dejavu-core`."""
    missing = [name for name in ("node", "npm") if not shutil.which(name)]
    if not (shutil.which("chromium") or shutil.which("chromium-browser")):
        missing.append("chromium")
    if missing:
        session.skip(f"not here: {', '.join(missing)}")
    fill(session, "--editable", ".[cli,sandbox]", "playwright>=1.48,<2", *group("test"))
    modules = Path(session.virtualenv.location) / "node_modules"
    stamp = modules / "filled"
    if changed(stamp, *NODE_PACKAGES):
        npm = ("npm", "install", "--silent", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts")
        session.run(*npm, "--prefix", str(modules.parent), *NODE_PACKAGES, external=True)
        stamp.write_text(fingerprint(*NODE_PACKAGES))
    tools = {"AXE": str(modules / "axe-core" / "axe.min.js"), "TSC": str(modules / "typescript" / "bin" / "tsc")}
    session.run("pytest", *(session.posargs or ["tests/browser/playground.py"]), env=tools)


@nox.session(python=VERSIONS[0], default=False)
def batch(session: nox.Session) -> None:
    """What needs PostgreSQL, or kills the processes of a batch; a private server is started where there is one."""
    fill(session, "--editable", ".[cli,sandbox,batch]", *group("test"))
    session.run("pytest", "-m", "postgres", *session.posargs)


@nox.session(python=VERSIONS[0], default=False)
def crash(session: nox.Session) -> None:
    """kill -9 of a batch at each of its steps, 20 times, on SQLite and, where it is, on PostgreSQL. Some 20 minutes."""
    fill(session, "--editable", ".[cli,sandbox,batch]", *group("test"))
    here = shutil.which("pg_ctl") or any(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    for ledger in ("sqlite", "postgres") if here else ("sqlite",):
        arguments = ("--times", "20", "--ledger", ledger, *session.posargs)
        session.run("python", "-m", "batch_crash", *arguments, env={"PYTHONPATH": "tests"})
    if not here:
        session.warn("PostgreSQL is not here: half of the matrix was left out")


@nox.session(python=VERSIONS[0], default=False)
def scale(session: nox.Session) -> None:
    """5,000 items in real time, and 10,000 with faults. Some 15 minutes."""
    fill(session, "--editable", ".[cli,sandbox,batch]", *group("test"))
    environment = {"PYTHONPATH": "tests"}
    session.run("python", "-m", "batch_scale", "--items", "10000", "--faults", "0.1", "--virtual", env=environment)
    session.run("python", "-m", "batch_scale", "--items", "5000", env=environment)
