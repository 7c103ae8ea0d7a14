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
NEXT = "3.14"  # not tried yet: `nox -s tests-3.14` where it is
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
nox.options.sessions = ["lint", "types", "imports", *(f"tests-{version}" for version in VERSIONS), "drift", "package"]


def pyenv_versions(folder: Path) -> list[str]:
    """The newest patch of each version of Python that pyenv holds."""
    found = [name.name for name in folder.glob("3.*") if re.fullmatch(r"3\.\d+\.\d+", name.name)]
    found.sort(key=lambda name: [int(part) for part in name.split(".")])
    newest = {name.rpartition(".")[0]: name for name in found}
    return [newest[version] for version in (*VERSIONS, NEXT) if version in newest]


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
    for platform in ("darwin", "win32"):  # what only Linux has would be missed there
        check(session, "mypy", "--platform", platform, "overlay")
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


@nox.session(python=[*VERSIONS, NEXT])
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
    untested = [] if has_postgres(session) else ["--omit", ",".join(NEED_POSTGRES)]
    session.run("coverage", "report", *untested, env=data)


NEED_POSTGRES = (
    "*/unified_video/_ledger/postgres.py",
    *(f"*/unified_video/batch/_{name}.py" for name in ("advance", "engine", "shared", "together")),
    *(f"*/tests/{name}.py" for name in ("batch_shared", "postgres_cluster", "test_batch_postgres")),
)


def has_postgres(session: nox.Session) -> bool:
    found = shutil.which("pg_ctl") or any(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    if not found:
        session.warn("without PostgreSQL: apt-get install postgresql")
    return bool(found)


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


# The house: how it is released, and what is said of it.


@nox.session(python=False, default=False)
def release(session: nox.Session) -> None:
    """`nox -s release -- X.Y.Z`: all that a release asks for, then what to do next; without a version, a rehearsal."""
    check(session, "python", "-m", "release", *session.posargs)


@nox.session(python=False, default=False)
def audit(session: nox.Session) -> None:
    """Known vulnerabilities in what a user installs, and the workflow files before two linters."""
    scripts = environment(session, "audit", *group("audit"))
    workflows = [str(path.relative_to(ROOT)) for path in sorted((ROOT / ".github").glob("workflows/*.yml"))]
    schema = str(scripts / "check-jsonschema")
    session.run(schema, "--builtin-schema", "vendor.github-workflows", *workflows, external=True)
    session.run(schema, "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml", external=True)
    session.run(str(scripts / "zizmor"), "--offline", "--pedantic", "--no-progress", ".github", external=True)
    audited(session, scripts)


def audited(session: nox.Session, scripts: Path) -> None:
    """pip-audit passes where it reaches no advisories: what it could not look up is counted and said."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    shipped = str(session.run(str(installed_wheel(session)), "-c", code, external=True, silent=True)).strip()
    found = Path(session.create_tmp()) / "advisories.json"
    found.unlink(missing_ok=True)
    arguments = ("--progress-spinner", "off", "--path", shipped, "--format", "json", "--output", str(found))
    session.run(str(scripts / "pip-audit"), *arguments, external=True, success_codes=[0, 1])
    packages = json.loads(found.read_text())["dependencies"] if found.exists() else []
    vulnerable = [one["name"] for one in packages if one.get("vulns")]
    known = [one for one in packages if "skip_reason" not in one]
    if vulnerable:
        session.error(f"known vulnerabilities: {', '.join(vulnerable)}")
    if not known:
        session.warn("no advisories in reach: no package was audited")
    session.log(f"{len(known)} of {len(packages)} packages looked up")


@nox.session(python=False, default=False)
def lines(session: nox.Session) -> None:
    """Lines of code by module, hand-written and generated."""
    check(session, "python", "-c", "import lines; print(lines.table())", PYTHONPATH="tests")


@nox.session(python=False, default=False)
def listings(session: nox.Session) -> None:
    """Writes what tests compare: tests/public_surface.txt, and the picture of the layers in CONTRIBUTING.md."""
    check(session, "python", "-c", "import layers, surface; surface.write(); layers.write()", PYTHONPATH="tests")


def contract(session: nox.Session, *commands: str) -> None:
    """Programs of contract/. They name what is not on this machine, and how to get it, and go on without it."""
    for command in commands:
        check(session, "python", "-m", "contract", command)


def has_chromium(session: nox.Session) -> bool:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        session.warn("without Chromium: apt-get install chromium fonts-dejavu-core")
    return found is not None


@nox.session(python=False, default=False)
def breaking(session: nox.Session) -> None:
    """Whether the document may follow its last release: version and changelog fit to what changed."""
    contract(session, "breaking")


@nox.session(python=False, default=False)
def linted(session: nox.Session) -> None:
    """The document before openapi-spec-validator, redocly and spectral: not one finding."""
    contract(session, "linted")


@nox.session(python=False, default=False)
def reference(session: nox.Session) -> None:
    """Makes docs/reference.html from the document, and opens it in Chromium."""
    contract(session, "reference", "look")


@nox.session(python=False, default=False)
def referees(session: nox.Session) -> None:
    """Schemathesis, Prism and a runner of Arazzo against the sandbox."""
    contract(session, "referees")


@nox.session(python=False, default=False)
def polyglot(session: nox.Session) -> None:
    """All that tries the document out: linters, page, referees, and clients in TypeScript, Go and Java."""
    contract(session, "breaking", "linted", "referees", "look", "polyglot")


# The long runs of tests that the suite holds in short: their figures stand in docs/measured.md.


@nox.session(python=False, default=False)
def schedules(session: nox.Session) -> None:
    """10,000 schedules of faults and deaths, hostile answers, and requests before two validators. Some minutes."""
    tests_of = ("tests/test_schedules.py", "tests/test_hostile.py", "tests/test_schema.py")
    check(session, "pytest", *tests_of, *session.posargs, SCHEDULES="10000")


@nox.session(python=VERSIONS[0], default=False)
def fuzz(session: nox.Session) -> None:
    """`nox -s fuzz -- SECONDS`: answers of a server that libFuzzer grows from what the sources branch on."""
    fill(session, "--editable", ".", "atheris==3.0.0")
    seconds, folder = (session.posargs or ["60"])[0], session.create_tmp()
    session.run("python", "fuzz/answers.py", f"-max_total_time={seconds}", f"-artifact_prefix={folder}/")


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
def docs(session: nox.Session) -> None:
    """Builds the documentation to site/, its links checked, and opens it in Chromium.

    `-- terminal` and `-- notebook` take the pictures in docs/ anew.
    """
    fill(session, "--editable", ".[cli,sandbox]", *group("docs"))
    session.run("python", "-m", "website", *session.posargs)
    if not session.posargs and has_chromium(session):
        session.run("pytest", "tests/browser/docs_site.py")


@nox.session(python=VERSIONS[0], default=False)
def batch(session: nox.Session) -> None:
    """All that needs PostgreSQL, what is too long for the suite too; a private server is started where there is one."""
    fill(session, "--editable", ".[cli,sandbox,batch]", *group("test"))
    session.run("pytest", "-m", "postgres", *session.posargs)


@nox.session(python=VERSIONS[0], default=False)
def crash(session: nox.Session) -> None:
    """kill -9 of a batch at each of its steps, 20 times, on SQLite and, where it is, on PostgreSQL. Some 20 minutes."""
    fill(session, "--editable", ".[cli,sandbox,batch]", *group("test"))
    for ledger in ("sqlite", "postgres") if has_postgres(session) else ("sqlite",):
        arguments = ("--times", "20", "--ledger", ledger, *session.posargs)
        session.run("python", "-m", "batch_crash", *arguments, env={"PYTHONPATH": "tests"})


@nox.session(python=VERSIONS[0], default=False)
def scale(session: nox.Session) -> None:
    """5,000 items in real time, and 10,000 with faults. Some 15 minutes."""
    fill(session, "--editable", ".[cli,sandbox,batch]", *group("test"))
    environment = {"PYTHONPATH": "tests"}
    session.run("python", "-m", "batch_scale", "--items", "10000", "--faults", "0.1", "--virtual", env=environment)
    session.run("python", "-m", "batch_scale", "--items", "5000", env=environment)


@nox.session(python=VERSIONS[0], default=False)
def bench(session: nox.Session) -> None:
    """Speed beside httpx, aiohttp, curl and other packages, into docs/. Ten minutes, `-- --quick` two."""
    installed_wheel(session)
    wheel = str(next(DIST.glob("*.whl")))
    # pip: the console script is the installer's own, and an older one's imports `re`.
    fill(session, "pip>=25.2", f"{wheel}[cli]", "aiohttp>=3.10,<4", "matplotlib>=3.9,<4", *group("generate"))
    session.install("--quiet", "--quiet", "--force-reinstall", "--no-deps", wheel)
    session.run("python", "-m", "benchmarks", "--wheel", wheel, *session.posargs)
