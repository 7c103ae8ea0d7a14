"""The reference page: the whole document as one file of HTML that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from contract import _places
from contract._html import as_json, badge, code, described, example, provenance, section, table, text
from contract._markdown import inline
from contract._places import Json, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

_STYLE = Path(__file__).with_name("page.css")
_METHODS = ("get", "post", "put", "patch", "delete")
_MODES = {
    "text": "Text alone",
    "first_frame": "First frame",
    "first_last_frame": "First and last frame",
    "reference_images": "Reference images",
}
_LIMITS = {
    "minimum": "from",
    "maximum": "to",
    "minLength": "length from",
    "maxLength": "length to",
    "pattern": "matches",
}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_REFUSED = (
    "<p>A request that breaks one of these is refused. They stand in the request's schema, so that any validator of"
    " JSON Schema checks them.</p>"
)
TIMES = " × "  # noqa: RUF001 - this sign is meant
YES, NO = '<span class="yes">✓</span>', '<span class="no">–</span>'  # noqa: RUF001 - a dash is meant
UNKNOWN = '<span class="no">?</span>'


def page(document: Json) -> str:
    """Deterministic: the same document, the same bytes."""
    info = document["info"]
    parts = [*_parts(document)]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # Nothing is loaded from anywhere: neither now nor by a later change.
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
        f"<title>{text(info['title'])} {text(info['version'])}</title>\n"
        f"<style>\n{_STYLE.read_text('utf-8')}</style>\n</head>\n<body>\n"
        f"{_navigation(document)}\n<main>\n{_header(document)}\n" + "\n".join(parts) + "\n</main>\n</body>\n</html>\n"
    )


def write() -> Path:
    _places.PAGE.parent.mkdir(exist_ok=True)
    _places.PAGE.write_text(page(read_yaml(_places.DOCUMENT)), "utf-8")
    return _places.PAGE


def _operations(document: Json) -> list[tuple[str, str, Json]]:
    return [
        (method, path, item[method])
        for path, item in document["paths"].items()
        for method in _METHODS
        if method in item
    ]


def _navigation(document: Json) -> str:
    operations = [
        (f"#{one['operationId']}", f'<span class="method {method}">{method.upper()}</span> {inline(one["summary"])}')
        for method, _, one in _operations(document)
    ]
    fixed = [("#models", "Models"), ("#sizes", "Frame sizes"), ("#rules", "Rules"), ("#warnings", "Warnings")]
    rest = [("#statuses", "Statuses"), ("#download", "Download"), ("#retry", "Trying again"), ("#schemas", "Schemas")]
    links = [("#top", "Overview"), *operations, *fixed, *rest]
    inner = "".join(f'<li><a href="{anchor}">{name}</a></li>' for anchor, name in links)
    return f'<nav aria-label="Contents"><p class="brand">{text(document["info"]["title"])}</p><ul>{inner}</ul></nav>'


def _header(document: Json) -> str:
    info = document["info"]
    return (
        f'<header id="top"><p class="version">Version {text(info["version"])} · OpenAPI {text(document["openapi"])}</p>'
        f'<h1>{text(info["title"])}</h1><p class="lead">{inline(info["summary"])}</p>'
        f"{described(info['description'])}</header>"
    )


def _parts(document: Json) -> Iterator[str]:
    schemas = document["components"]["schemas"]
    for method, path, operation in _operations(document):
        yield _operation(method, path, operation, document)
    yield _models(schemas)
    yield _sizes(schemas)
    yield _rules(schemas["VideoGenerationRequest"])
    yield _warnings(schemas["VideoGenerationRequest"])
    yield _statuses(schemas["TaskStatus"])
    yield from _behaviour(document)
    yield section("schemas", "Schemas", *(_schema(name, schema) for name, schema in schemas.items()))


def _operation(method: str, path: str, operation: Json, document: Json) -> str:
    signature = f'<p class="signature"><span class="method {method}">{method.upper()}</span> {code(path)}</p>'
    parts = [signature, described(operation["description"]), provenance(operation.get("x-provenance"))]
    parts += _inputs(operation, document)
    parts += _answers(operation, document)
    if "x-outcomes" in operation:
        parts.append("<h3>What an answer means</h3><p>The first row that fits decides.</p>")
        parts.append(_outcomes(operation["x-outcomes"]))
    if "x-polling" in operation:
        parts.append(f"<h3>Polling</h3>{_policy(operation['x-polling'])}")
    return section(operation["operationId"], inline(operation["summary"]), *parts)


def _inputs(operation: Json, document: Json) -> Iterator[str]:
    for parameter in operation.get("parameters", ()):
        row = (
            code(parameter["name"]),
            text(parameter["in"]),
            described(parameter["description"]),
            as_json(parameter["example"]),
        )
        yield f"<h3>Parameter</h3>{table(('Name', 'In', 'Description', 'Example'), [row], 'stacked')}"
    body = operation.get("requestBody")
    if body:
        content = body["content"]["application/json"]
        yield f"<h3>Request</h3>{described(body['description'])}"
        yield _fields(_target(content["schema"], document), document)
        yield _examples(content)


def _answers(operation: Json, document: Json) -> Iterator[str]:
    yield "<h3>Answers</h3>"
    for status, answer in operation["responses"].items():
        if status == "default" or "$ref" in answer:
            continue
        content = answer["content"]["application/json"]
        yield f"<h4>{badge(status, 'good')} {inline(answer['description'])}</h4>"
        yield _fields(_target(content["schema"], document), document) + _examples(content)
    error = document["components"]["responses"]["Error"]
    content = error["content"]["application/json"]
    summary = f"<summary>{badge('4XX, 5XX', 'bad')} An error</summary>"
    yield f"<details>{summary}{described(error['description'])}{_examples(content)}</details>"


def _examples(content: Json) -> str:
    found = "".join(example(one["summary"], one["value"]) for one in content.get("examples", {}).values())
    return f'<div class="examples">{found}</div>'


def _target(schema: Json, document: Json) -> Json:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _all_fields(schema: Json, document: Json) -> dict[str, Json]:
    found: dict[str, Json] = dict(schema.get("properties", {}))
    for part in schema.get("allOf", ()):
        if "$ref" in part:
            found |= _all_fields(_target(part, document), document)
    return found


def _fields(schema: Json, document: Json) -> str:
    rows = [_field(name, one, schema, document) for name, one in _all_fields(schema, document).items()]
    return table(("Field", "Type", "Description"), rows, "fields stacked") if rows else ""


def _field(name: str, schema: Json, owner: Json, document: Json) -> tuple[str, str, str]:
    target = _target(schema, document)
    needed = badge("required", "need") if name in owner.get("required", ()) else ""
    link = f'<a href="#{schema["$ref"].rpartition("/")[2]}">{_type(target)}</a>' if "$ref" in schema else _type(target)
    return f"{code(name)} {needed}", link + _constraints(target), described(target.get("description"))


def _type(schema: Json) -> str:
    kind = schema.get("type", "any")
    names = " or ".join(kind) if isinstance(kind, list) else kind
    return text(f"{names} of {schema['items'].get('type', 'any')}" if "items" in schema else names)


def _constraints(schema: Json) -> str:
    lines = []
    if "enum" in schema:
        lines.append(" ".join(code(value) for value in schema["enum"]))
    if "default" in schema:
        lines.append(f"default {as_json(schema['default'])}")
    limits = [f"{words} {code(schema[word])}" for word, words in _LIMITS.items() if word in schema]
    if limits:
        lines.append(" ".join(limits))
    return "".join(f'<div class="limit">{line}</div>' for line in lines)


def _outcomes(rows: list[Json]) -> str:
    shown = [
        (_when(row), badge(row["outcome"], row["outcome"]) + _fresh(row), _error(row), inline(row["description"]))
        for row in rows
    ]
    return table(("Answer", "Outcome", "Error", "Why"), shown, "outcomes stacked")


def _when(row: Json) -> str:
    if "fault" in row:
        return {"not_connected": "no connection", "broken": "broken after sending"}[row["fault"]]
    words = [" ".join(code(status) for status in row["statuses"])]
    if "body" in row:
        words.append(f"with {'a task' if row['body'] == 'task' else 'an error'}")
    if "says" in row:
        words.append("that says " + ", ".join(code(one) for one in row["says"]["codes"]))
    return " ".join(words)


def _fresh(row: Json) -> str:
    return f" <small>while fresh: {text(row['while_fresh'])}</small>" if "while_fresh" in row else ""


def _error(row: Json) -> str:
    return code(row["error"]) if "error" in row else ""


def _policy(policy: Json) -> str:
    rows = [
        (code(name), as_json(value))
        for name, value in policy.items()
        if name not in {"description", "outcomes", "x-provenance"}
    ]
    source = provenance(policy.get("x-provenance"))
    return f"{described(policy['description'])}{table(('Setting', 'Value'), rows, 'policy')}{source}"


def _models(schemas: Json) -> str:
    models = schemas["VideoModel"]["x-models"]
    head = (
        "What it can do",
        *(f'{code(name)}<div class="limit">{inline(row["title"])}</div>' for name, row in models.items()),
    )
    # What a row leaves out, the model is not known to be kept from.
    rows = [
        (words, *(YES if mode in row.get("modes", _MODES) else NO for row in models.values()))
        for mode, words in _MODES.items()
    ]
    for name, words, enum in (
        ("resolutions", "Resolutions", "Resolution"),
        ("ratios", "Aspect ratios", "Ratio"),
        ("durations", "Seconds", "Duration"),
    ):
        every = schemas[enum]["enum"]
        rows.append((words, *(" ".join(code(value) for value in row.get(name, every)) for row in models.values())))
    rows.append(("Sound", *({True: YES, False: NO}.get(row.get("audio"), UNKNOWN) for row in models.values())))
    for name, words in (
        ("frames_per_second", "Frames a second"),
        ("requests_per_minute", "Requests a minute"),
        ("max_concurrent", "Tasks at once"),
    ):
        rows.append((words, *(text(row[name]) if name in row else UNKNOWN for row in models.values())))
    source = provenance(next(iter(models.values())).get("x-provenance"))
    return section("models", "Models", table(head, rows, "models"), source)


def _sizes(schemas: Json) -> str:
    sizes = {name: row for name, row in schemas["Resolution"]["x-frame-sizes"].items() if not name.startswith("x-")}
    ratios = next(iter(sizes.values()))
    rows = [(code(ratio), *(TIMES.join(map(str, row[ratio])) for row in sizes.values())) for ratio in ratios]
    source = provenance(schemas["Resolution"]["x-frame-sizes"].get("x-provenance"))
    return section("sizes", "Frame sizes", table(("Ratio", *map(code, sizes)), rows, "sizes"), source)


def _rules(request: Json) -> str:
    rules = [rule for rule in request["allOf"] if "title" in rule and "if" in rule]
    rows = [(code(rule["title"]), inline(rule["description"])) for rule in rules]
    intro = _REFUSED
    filled = [
        (code(row["field"]), as_json(row["value"]), inline(row["description"])) for row in request["x-client-defaults"]
    ]
    defaults = "<h3>What a careful client fills in</h3>" + table(("Field", "Value", "When"), filled, "stacked")
    return section("rules", "Rules", intro, table(("Rule", "What it says"), rows, "rules stacked"), defaults)


def _warnings(request: Json) -> str:
    rows = [
        (
            code(row["title"]),
            badge("an error when strict" if row["severity"] == "error_when_strict" else "only a warning"),
            inline(row["description"]),
        )
        for row in request["x-warnings"]
    ]
    intro = "<p>The service may take a request that breaks one of these, refuse it, or ignore a part of it.</p>"
    return section("warnings", "Warnings", intro, table(("Rule", "Severity", "What it says"), rows, "rules stacked"))


def _statuses(status: Json) -> str:
    final = set(status["x-final-states"])
    rows = [
        (code(name), badge(state, state), YES if state in final else NO) for name, state in status["x-states"].items()
    ]
    return section(
        "statuses", "Statuses", described(status["description"]), table(("Status", "Means", "Final"), rows, "statuses")
    )


def _behaviour(document: Json) -> Iterator[str]:
    operations = [operation for _, _, operation in _operations(document)]
    for operation in operations:
        if "x-download" in operation:
            policy = operation["x-download"]
            yield section("download", "Download", _policy(policy), _outcomes(policy["outcomes"]))
    retry = next(operation["x-retry"] for operation in operations if "x-retry" in operation)
    yield section("retry", "Trying again", _policy(retry))


def _schema(name: str, schema: Json) -> str:
    rows = [
        _field(field, one, schema, {"components": {"schemas": _Named()}})
        for field, one in schema.get("properties", {}).items()
    ]
    fields = table(("Field", "Type", "Description"), rows, "fields stacked") if rows else ""
    parts = [
        f'<p class="signature">{_type(schema)}</p>{_constraints(schema)}',
        described(schema["description"]),
        fields,
    ]
    parts += [
        provenance(schema.get("x-provenance")),
        *(example("Example", one) for one in schema.get("examples", ())[:1]),
    ]
    return section(name, text(name), *parts, level=3)


class _Named(dict[str, Json]):
    """In the list of schemas a field only names its type, which stands in the same list."""

    def __missing__(self, name: str) -> Json:
        return {"type": name}
