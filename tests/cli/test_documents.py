"""With --format json there is one document on stdout, whatever happens; plans obey their schema."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reconciler.cli.schema import schema_files
from tests.cli.command import SPEC, Desk

ROOT = Path(__file__).parents[2]
PLAN_SCHEMA = json.loads((ROOT / "schemas" / "plan.schema.json").read_text(encoding="utf-8"))


def assert_plan(document: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(PLAN_SCHEMA).validate(document)


@pytest.mark.parametrize("command", ["plan", "drift"])
@pytest.mark.parametrize("change", [("", ""), ("rg-app/vm-sql", "rg-app/vm-nowhere")])
def test_plans_obey_their_schema(desk: Desk, command: str, change: tuple[str, str]) -> None:
    desk.write_spec(SPEC.replace(*change))
    assert_plan(desk.run(command, "--format", "json").document)
    desk.run("apply", "--auto-approve")
    document = desk.run(command, "--format", "json").document
    assert_plan(document)
    assert document["requests"]["GET"] > 0
    assert document["target"] == {"kind": "sandbox", "file": str((desk.folder / "azure.db").resolve())}


def test_the_schema_refuses_what_is_not_a_plan(desk: Desk) -> None:
    document = desk.run("plan", "--format", "json").document
    for broken in (
        {**document, "formatVersion": "2"},
        {**document, "extra": 1},
        {key: value for key, value in document.items() if key != "requests"},
        {**document, "steps": [{**document["steps"][0], "class": "harmless"}]},
    ):
        with pytest.raises(jsonschema.ValidationError):
            assert_plan(broken)


def test_a_saved_plan_is_the_document_and_readable_by_its_owner_alone(desk: Desk) -> None:
    answer = desk.run("plan", "--out", "plan.json", "--format", "json")
    assert (desk.folder / "plan.json").read_text(encoding="utf-8") == answer.out
    assert stat.S_IMODE((desk.folder / "plan.json").stat().st_mode) == 0o600
    assert "azbackup apply --plan plan.json" in answer.err


def test_drift_is_not_a_plan_to_apply(desk: Desk) -> None:
    answer = desk.run("drift", "--format", "json")
    assert answer.document["drifted"] is True
    assert "digest" not in answer.document
    (desk.folder / "drift.json").write_text(answer.out, encoding="utf-8")
    assert desk.run("apply", "--auto-approve", "--plan", "drift.json").code == 4


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("plan --bogus --format json", 1),
        ("plan --format=json none.yaml", 1),
        ("plan --format json --target vault/none", 1),
        ("apply --format json", 5),
        ("apply --format json --auto-approve --plan specs/rsv.yaml", 4),
        ("validate --format json none.yaml", 1),
        ("schema --check --format json", 1),
        ("sandbox show --format json --sandbox none.db", 1),
    ],
)
def test_a_failure_is_one_document_too(desk: Desk, command: str, code: int) -> None:
    answer = desk.run(*command.split())
    assert answer.code == code
    assert answer.err == ""
    assert answer.document["exitCode"] == code
    assert answer.document["valid"] is False
    assert set(answer.document["problems"][0]) == {"severity", "code", "where", "what", "why", "remedy"}


def test_apply_is_one_document(desk: Desk) -> None:
    answer = desk.run("apply", "--auto-approve", "--format", "json")
    assert answer.err == ""
    document = answer.document
    assert document["converged"] is True
    assert document["remaining"] == {"steps": [], "findings": []}
    assert {step["status"] for step in document["outcome"]["steps"]} == {"done"}
    assert document["requests"]["POST"] >= 1


@pytest.mark.parametrize(
    "command", ["sandbox show", "sandbox reset", "sandbox generate --spec new.yaml --vms 3", "schema"]
)
def test_other_answers_are_documents_as_well(desk: Desk, command: str) -> None:
    assert desk.run(*command.split(), "--format", "json").document["formatVersion"] == "1"


def test_a_generated_sandbox_matches_its_spec(desk: Desk) -> None:
    size = ["--vms", "12", "--vaults", "2", "--policies", "2", "--protected"]
    assert desk.run("sandbox", "generate", *size, "--spec", "new.yaml").code == 0
    assert desk.run("plan", "new.yaml", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("command", ["plan", "drift"])
def test_reading_commands_only_read(desk: Desk, command: str) -> None:
    desk.run(command)
    assert {method for method, _ in desk.sent} == {"GET"}


def test_the_moment_of_a_plan_can_be_fixed(desk: Desk) -> None:
    document = desk.run("plan", "--now", "2027-01-02T03:04:05+01:00", "--format", "json").document
    assert document["createdAt"] == "2027-01-02T02:04:05Z"
    assert desk.run("plan", "--now", "2027-01-02T03:04:05", "--format", "json").document["createdAt"][11:13] == "03"


def test_the_kept_schemas_are_current() -> None:
    for path, text in schema_files().items():
        assert (ROOT / path).read_text(encoding="utf-8") == text, f"run azbackup schema: {path} is outdated"


def test_schema_check_sees_what_is_outdated(desk: Desk) -> None:
    assert desk.run("schema").code == 0
    assert desk.run("schema", "--check").code == 0
    path = desk.folder / "schemas" / "plan.schema.json"
    path.write_text("{}", encoding="utf-8")
    answer = desk.run("schema", "--check")
    assert answer.code == 1
    assert "schemas/plan.schema.json: error X130" in answer.err
    assert path.read_text(encoding="utf-8") == "{}"
