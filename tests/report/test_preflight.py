"""The answer of preflight: folded where many VMs are alike, safe whatever others wrote, the same in every form."""

from __future__ import annotations

import json

import pytest

from reconciler.core.plan import Finding, Severity
from reconciler.core.readiness import MachineReadiness, Reach, Readiness
from reconciler.report.neutralise import render, render_json
from reconciler.report.preflight import preflight_document, preflight_lines, preflight_markdown
from reconciler.report.text import FOLD_FROM, SHOWN_OF_GROUP


def a_finding(severity: Severity = "warning", address: str = "protected_vm/rsv/rg/vm", what: str = "what") -> Finding:
    return Finding("F231", severity, address, what, "why", "remedy")


def a_machine(
    name: str = "vm", *findings: Finding, reaches: tuple[Reach, ...] = (), vault: str = "rsv"
) -> MachineReadiness:
    return MachineReadiness(f"protected_vm/{vault}/rg/{name}", vault, f"rg/{name}", findings, reaches)


def text(readiness: Readiness, *, verbose: bool = False) -> str:
    return render(preflight_lines(readiness, target="t", verbose=verbose), color=False)


def a_document(readiness: Readiness) -> dict[str, object]:
    return preflight_document(readiness, target={"kind": "sandbox"}, spec_digest="sha256:x", requests={"GET": 3})


def test_vms_stand_under_their_vault() -> None:
    told = text(Readiness((a_machine("a"), a_machine("b", a_finding("blocking"), vault="other")), ()))
    assert told.splitlines()[1:5] == ["", "rsv", "  ✓ rg/a  ready", ""]
    assert told.splitlines()[5:7] == ["other", "  ✗ rg/b  blocked"]
    assert told.endswith("2 VMs: 1 ready, 0 with warnings, 1 blocked. Preflight: blocked.\n")


def test_many_alike_are_folded_unless_all_are_asked_for() -> None:
    many = tuple(a_machine(f"vm-{number}", a_finding()) for number in range(FOLD_FROM + 1))
    readiness = Readiness((*many, a_machine("other")), ())
    short, whole = text(readiness), text(readiness, verbose=True)
    assert short.count("rg/vm-") == SHOWN_OF_GROUP
    assert f"! … {FOLD_FROM + 1 - SHOWN_OF_GROUP} more VMs with warnings alike; -v lists them" in short
    assert "✓ rg/other  ready" in short
    assert whole.count("rg/vm-") == FOLD_FROM + 1


def test_what_is_shared_is_told_once() -> None:
    shared = a_finding("blocking", "vault/rsv", "the vault is full")
    told = text(Readiness((a_machine("a", shared, shared), a_machine("b", shared)), (shared,)))
    assert told.count("the vault is full") == 1
    assert told.count("blocking F231 of vault/rsv, see below") == 2


def test_information_is_for_those_who_ask() -> None:
    readiness = Readiness((a_machine("a", a_finding("info", what="by the way")),), ())
    assert "by the way" not in text(readiness)
    assert "by the way" in text(readiness, verbose=True)


REACHES = (
    Reach("Storage.WestEurope", 443, "allowed", "allowed by rule a", True),
    Reach("Storage.WestEurope", 8443, "allowed", "allowed by rule a", True),
    Reach("AzureBackup", 443, "denied", "denied: route r leads to None (allowed by rule a)", True),
    Reach("Internet", 443, "uncertain", "may be denied by rule b", True),
    Reach("10.0.0.5", 8080, "denied", "denied by rule c", False, after_plan="allowed"),
)


def test_egress_with_its_evidence() -> None:
    readiness = Readiness((a_machine(reaches=REACHES),), ())
    rows = [row.strip() for row in text(readiness, verbose=True).splitlines() if "egress:" in row]
    assert rows == [
        "egress: Storage.WestEurope 443, 8443: allowed by rule a",
        "egress: AzureBackup 443: denied: route r leads to None (allowed by rule a)",
        "egress: Internet 443: may be denied by rule b",
        "egress: 10.0.0.5 8080: denied by rule c; allowed once the plan is applied (not needed)",
    ]
    assert "10.0.0.5 8080: denied" in text(readiness)
    assert "`AzureBackup 443: denied: route r leads to None (allowed by rule a)`" in preflight_markdown(
        readiness, target="t"
    )


def test_what_is_open_and_not_needed_is_for_those_who_ask() -> None:
    readiness = Readiness((a_machine(reaches=(Reach("AzureBackup", 443, "allowed", "allowed by rule a", False),)),), ())
    assert "AzureBackup" not in text(readiness)
    assert "egress: AzureBackup 443: allowed by rule a (not needed)" in text(readiness, verbose=True)


def test_the_document_counts_each_finding_once() -> None:
    shared = a_finding("blocking", "vault/rsv")
    document = a_document(Readiness((a_machine("a", shared), a_machine("b", shared, a_finding())), (shared,)))
    assert document["summary"] == {
        "vms": 2,
        "byVerdict": {"ready": 0, "warnings": 0, "blocked": 2},
        "findings": {"blocking": 1, "warning": 1},
    }
    assert (document["verdict"], document["requests"], document["specDigest"]) == ("blocked", {"GET": 3}, "sha256:x")


@pytest.mark.parametrize("nasty", ["\x1b[31mred", "##vso[task]", "a\n::error::b", "\u202eabc", "`|<b>"])
def test_what_others_wrote_does_no_harm(nasty: str) -> None:
    reach = Reach("Internet", 443, "denied", nasty, True)
    readiness = Readiness((a_machine(nasty, a_finding(what=nasty), reaches=(reach,)),), (a_finding("info", nasty),))
    for told in (text(readiness, verbose=True), preflight_markdown(readiness, target=nasty)):
        assert "\x1b" not in told
        assert "\u202e" not in told
        assert "##vso" not in told
        assert not any(row.lstrip().startswith("::") for row in told.splitlines())
    assert json.loads(render_json(a_document(readiness)))["vms"][0]["findings"][0]["what"] == nasty
