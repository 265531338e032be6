"""The reference page of the language, from its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from reconciler.spec.catalogue import CODES
from reconciler.spec.schema import json_schema

_INTRODUCTION = """\
# The spec language

Generated from the models in `reconciler/spec`: edit those, not this page.

A spec is one YAML file, several, or a folder of them; together they describe one estate. Names are unique across the
files, and compare without case. Files named `*.yaml` or `*.yml` in sub-folders count too, but not those in a folder
named `sandbox`.

- **Left out means not managed**: a setting that is not written is left as it is. A key without value is an error.
- Values are read as YAML 1.2 with the type that the key needs: `23:00` is a time and `no` is a name, without quotes.
  Numbers are plain decimal integers without unit. Booleans are `true` and `false`.
- There are no anchors, aliases, merge keys, tags or directives, and there is one document a file.
- Days on which monthly and yearly points are kept are written by week and weekday (`first sunday`, `last friday`), or
  by number (`day 1`, `day 15`, `last day`): one of them, or a list of one form. A list by week must hold every one of
  its weekdays for every one of its weeks, as Azure keeps them: `[first sunday, third sunday]`.
- `subscription`, `location` and `resourceGroup` of the file hold for each of its vaults that has no own;
  `subscription` also for what its egresses name by GROUP/NAME.
"""


def reference_page() -> str:
    """Markdown: one table of keys for each kind of mapping, then every code."""
    schema = json_schema()
    parts = [_INTRODUCTION, _section("The file", schema)]
    parts += [_section(name, inner) for name, inner in sorted(schema["$defs"].items()) if "properties" in inner]
    parts.append(_codes())
    return "\n".join(parts)


def _section(name: str, schema: dict[str, Any]) -> str:
    lines = [f"## {name}", "", str(schema["description"]), "", "| Key | Value | Meaning |", "|---|---|---|"]
    required = schema.get("required", ())
    for key, field in schema["properties"].items():
        shown = f"`{key}`" + (" (required)" if key in required else "")
        example = json.dumps(field["examples"][0], ensure_ascii=False)
        default = f" Default: `{field['default']}`." if "default" in field else ""
        lines.append(
            f"| {shown} | {_cell(_kind(field))} | {_cell(field['description'] + default)} Example: `{example}` |"
        )
    return "\n".join(lines) + "\n"


def _kind(field: dict[str, Any]) -> str:
    """The values of a field in a few words."""
    if "$ref" in field:
        name = str(field["$ref"]).rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        words = field["enum"]
        return " \\| ".join(f"`{word}`" for word in words) if len(words) <= 12 else f"`{words[0]}` … `{words[-1]}`"
    if branches := field.get("oneOf", field.get("anyOf")):
        return ", or ".join(_kind(branch) for branch in branches)
    if field.get("type") == "array":
        return f"list of {_kind(field['items'])}"
    if field.get("type") == "integer":
        return f"{field['minimum']} to {field['maximum']}"
    if field.get("type") == "object":
        return f"mapping of {_kind(next(iter(field['patternProperties'].values())))}"
    return str(
        field.get("format", {"string": "text", "boolean": "true, false"}.get(field.get("type", ""), "any value"))
    )


def _codes() -> str:
    def rows() -> Iterator[str]:
        for entry in CODES.values():
            yield f"| {entry.code} | {_cell(entry.title)} | {_cell(entry.rule)} | {_cell(entry.remedy)} | {_cell(entry.source)} |"

    header = ["## Codes", "", "E is an error, W a warning, I a hint.", ""]
    return "\n".join([*header, "| Code | Title | Rule | Remedy | Source |", "|---|---|---|---|---|", *rows()]) + "\n"


def _cell(text: str) -> str:
    return text.replace("<", "&lt;").replace("\n", " ")
