"""`explain`: every code that anything of azbackup says is known, and told in every form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import reconciler
from reconciler.cli.explain import own_codes, service_codes
from reconciler.cloud.refusals import REFUSALS
from reconciler.core.taxonomy import EFFECTS
from tests.cli.command import Desk

SOURCES = Path(reconciler.__file__).parent
_CODE = re.compile(r"""["']([ACDEFIPWX][0-9]{3})["']""")
_EFFECT = re.compile(r"""["']((?:VLT|POL|ITM|NET|GST)-[0-9]{2}[A-Z]?)["']""")


def said(pattern: re.Pattern[str]) -> set[str]:
    """The codes in the sources, but for the tables that explain them."""
    files = (path for path in SOURCES.rglob("*.py") if path.name not in ("catalogue.py", "taxonomy.py"))
    return {code for path in files for code in pattern.findall(path.read_text(encoding="utf-8"))}


def test_every_code_is_explained_and_every_explained_code_is_said() -> None:
    explained = {code for code in own_codes() if re.fullmatch(r"[A-Z][0-9]{3}", code)}
    assert said(_CODE) - explained == set()
    assert explained - said(_CODE) == set()


def test_every_effect_is_explained() -> None:
    assert said(_EFFECT) <= set(EFFECTS) <= set(own_codes())
    assert set(service_codes()) == set(REFUSALS)


def test_every_explanation_says_everything() -> None:
    for code, told in {**own_codes(), **service_codes()}.items():
        assert told.code == code
        assert all((told.severity, told.title, told.rule, told.source, told.remedy)), code


@pytest.mark.parametrize("check", range(1, 31))
def test_every_check_of_the_rules_has_a_code(check: int) -> None:
    """The thirty checks of backup-rules, section I: each is the source of at least one code."""
    assert any(re.search(rf"\bI\.{check}\b", told.source) for told in own_codes().values())


@pytest.mark.parametrize(
    ("code", "severity", "rule"),
    [
        ("E805", "error", "on the hour or half hour"),
        ("w807", "warning", "does not exist on that day"),
        ("P111", "blocking", "redundancy can't change"),
        ("F291", "blocking", "a rule or a route is in the way"),
        ("ITM-10", "destructive", "all recovery points of the VM are deleted"),
        ("pol-07", "destructive", "existing points past the shorter retention"),
        ("UserErrorRpCollectionLimitReached", "error", "old restore points can't be cleaned up"),
        ("bmsusererrorobjectlocked", "passing", "another operation holds the item"),
    ],
)
def test_a_code_in_any_case_and_every_form(desk: Desk, code: str, severity: str, rule: str) -> None:
    answer = desk.run("explain", code)
    assert answer.code == 0
    assert f"severity: {severity}" in answer.out
    document = desk.run("explain", code, "--format", "json").document
    assert set(document) == {"formatVersion", "code", "severity", "title", "rule", "source", "remedy"}
    assert rule in document["rule"]
    assert document["code"].lower() == code.lower()
    assert rule in desk.run("explain", code, "--format", "markdown").out


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("P112X", "did you mean P112?"),
        ("UserErrorVmNotFound", "did you mean UserErrorVmNotFoundV2?"),
        ("nonsense-of-mine", "copy the code as it was printed"),
    ],
)
def test_an_unknown_code(desk: Desk, code: str, remedy: str) -> None:
    answer = desk.run("explain", code)
    assert (answer.code, answer.out) == (1, "")
    assert "error X140" in answer.err
    assert remedy in answer.err


def test_explaining_needs_no_spec_and_no_target(desk: Desk) -> None:
    desk.patch.delenv("AZBACKUP_SANDBOX")
    assert desk.run("explain", "E805").code == 0
    assert desk.sent == []
