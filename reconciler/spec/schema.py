"""The JSON Schema of the language, for editors, from the same models that read the files."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from reconciler.spec.models import Document

SCHEMA_ID = "urn:azbackup:schema:v1"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _SpecSchema(GenerateJsonSchema):
    """Left out is not null: a key that is written has a value, and a key that is left out has no default but its own."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        inner = super().default_schema(schema)
        if inner.get("default", ...) is None:
            del inner["default"]
        return inner

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        written = super().dict_schema(schema)
        return written | {"additionalProperties": False} if "patternProperties" in written else written


def json_schema() -> dict[str, Any]:
    """The schema of one file of a spec, JSON Schema 2020-12."""
    schema = Document.model_json_schema(by_alias=True, schema_generator=_SpecSchema)
    _without_titles(schema)
    described = {"$schema": _DIALECT, "$id": SCHEMA_ID, "title": "azbackup spec"}
    return described | {key: schema[key] for key in sorted(schema)}


def _without_titles(schema: Any) -> None:
    """Pydantic repeats each key as its title; that says nothing to a reader."""
    if isinstance(schema, list):
        for inner in schema:
            _without_titles(inner)
    elif isinstance(schema, dict):
        if isinstance(schema.get("title"), str):
            del schema["title"]
        for inner in schema.values():
            _without_titles(inner)
