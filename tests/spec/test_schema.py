"""The JSON Schema: current, told on every field, and of one mind with the loader."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.spec import load_spec
from reconciler.spec.reference import reference_page
from reconciler.spec.scalars import json_value
from reconciler.spec.schema import json_schema
from reconciler.spec.source import Complaints, Source
from reconciler.spec.tree import read_tree
from tests.spec.corpus import TODAY, Case, cases

ROOT = Path(__file__).parents[2]
SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
# What a schema can know: keys, kinds of values, words, ranges of single values.
KNOWN_TO_SCHEMA = {
    "E301", "E302", "E303", "E304", "E305", "E307", "E308", "E309", "E310", "E311", "E312", "E401", "E501", "E502", "E504",
    "E506", "E507", "E830", "E831", "E833", "E801", "E802", "E805", "E818", "E828", "E829", "E702", "E703",
}  # fmt: skip
# Only-null keys of a JSON value are null, and dates are not checked without a format checker.
NOT_ALWAYS = {"B-26 no such day", "B-26 another form of date", "B-26 a date with a time", "B-64 value left out"}


def single_files() -> Iterator[Case]:
    for case in cases():
        if len(case.files) == 1 and case.name not in NOT_ALWAYS:
            yield case


def tree_of(case: Case) -> Any:
    (content,) = case.files.values()
    return json_value(read_tree(Source("a.yaml", content.decode("utf-8-sig"), Complaints())))


def test_the_schema_file_is_current() -> None:
    written = (ROOT / "schemas" / "azbackup.schema.json").read_text(encoding="utf-8")
    assert json.loads(written) == SCHEMA, "run `azbackup schema`"


def test_the_reference_page_is_current() -> None:
    page = (ROOT / "docs" / "reference" / "spec.md").read_text(encoding="utf-8")
    assert page == reference_page(), "write what reconciler.spec.reference.reference_page() gives"


def test_the_examples_are_good() -> None:
    examples = sorted((ROOT / "specs").glob("*.yaml"))
    assert examples
    for example in examples:
        spec, _ = load_spec([example], today=TODAY)
        assert spec.vaults
        tree = read_tree(Source(example.name, example.read_text(encoding="utf-8"), Complaints()))
        assert not list(VALIDATOR.iter_errors(json_value(tree)))


def test_it_is_a_schema_with_an_id_and_a_title() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"]
    assert SCHEMA["title"]
    assert SCHEMA["description"]


def fields() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, schema in {"file": SCHEMA, **SCHEMA["$defs"]}.items():
        for key, field in schema.get("properties", {}).items():
            yield f"{name}.{key}", field


@pytest.mark.parametrize(("name", "field"), list(fields()), ids=lambda value: value if isinstance(value, str) else "")
def test_every_field_is_told(name: str, field: dict[str, Any]) -> None:
    assert field["description"].endswith("."), name
    assert field["examples"], name
    if field.get("type") == "integer":
        unit = next(
            (unit for unit in ("hour", "day", "week", "month", "year", "port") if unit in field["description"].lower()),
            None,
        )
        assert unit, f"{name}: no unit"
    inner = {"$defs": SCHEMA["$defs"], **field}
    for example in field["examples"]:
        Draft202012Validator(inner).validate(example)


def test_every_mapping_is_closed_and_described() -> None:
    for name, schema in SCHEMA["$defs"].items():
        assert schema["description"], name
        assert schema["additionalProperties"] is False, name


@pytest.mark.parametrize(
    "case",
    [case for case in single_files() if all(code[0] != "E" for code, *_ in case.expected)],
    ids=lambda case: case.name,
)
def test_what_the_loader_takes_the_schema_takes(case: Case) -> None:
    assert not list(VALIDATOR.iter_errors(tree_of(case)))


@pytest.mark.parametrize(
    "case",
    [case for case in single_files() if case.expected and {code for code, *_ in case.expected} <= KNOWN_TO_SCHEMA],
    ids=lambda case: case.name,
)
def test_what_the_schema_can_know_it_refuses(case: Case) -> None:
    assert not VALIDATOR.is_valid(tree_of(case))


def egress(**keys: object) -> dict[str, object]:
    return {"apiVersion": "azbackup/v1", "egress": {"a": keys}}


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (egress(via="none"), egress(via="none", nsg="rg/n")),
        (egress(via="nsg", nsg="rg/n", state="absent"), egress(via="nsg")),
        (egress(via="nsg", nsg="rg/n"), egress(via="nsg", nsg="rg/n", sources=["10.0.0.0/8"])),
        (egress(via="proxy", proxy={"address": "10.0.0.5", "port": 80}), egress(via="proxy", nsg="rg/n")),
        (egress(via="firewall", firewall="rg/f", sources=["10.0.0.0/8"]), egress(via="firewall", firewall="rg/f")),
        (
            egress(via="firewall", firewall="rg/f", sources=["10.0.0.0/8"]),
            egress(firewall="rg/f", sources=["10.0.0.0/8"]),
        ),
    ],
)
def test_the_schema_knows_which_keys_go_with_which_way_out(good: dict[str, object], bad: dict[str, object]) -> None:
    assert VALIDATOR.is_valid(good)
    assert not VALIDATOR.is_valid(bad)


def test_the_schema_wants_one_of_vm_and_select() -> None:
    both = {"apiVersion": "azbackup/v1", "vaults": {"rsv-a": {"protect": [{"vm": "a/b", "select": "all"}]}}}
    neither = {"apiVersion": "azbackup/v1", "vaults": {"rsv-a": {"protect": [{"policy": "p-daily"}]}}}
    assert not VALIDATOR.is_valid(both)
    assert not VALIDATOR.is_valid(neither)
