"""`preflight` over a sandbox: exit codes, the three forms, and what it costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import SPEC, Desk, assert_golden, shown

NETWORK_ESTATE = """\
now: 2026-11-22T09:00:00Z
location: westeurope
resourceGroups:
  rg-backup: {}
  rg-app:
    networkSecurityGroups:
      nsg-app:
        rules:
          deny-all-outbound: {priority: 1000, access: deny}
    virtualNetworks:
      vnet:
        addresses: [10.0.0.0/16]
        subnets: {app: {prefix: 10.0.1.0/24, nsg: rg-app/nsg-app}}
    virtualMachines:
      vm-web: {os: linux, subnet: rg-app/vnet/app}
      vm-sql: {os: windows, subnet: rg-app/vnet/app}
"""
WITH_EGRESS = SPEC.replace("policy: daily,", "policy: daily, egress: app,") + (
    "egress: {app: {via: nsg, nsg: rg-app/nsg-app}}\n"
)
LOCKED = NETWORK_ESTATE.replace("deny-all-outbound: {priority: 1000", "deny-all-outbound: {priority: 100")


@pytest.mark.parametrize(
    ("estate", "spec", "code", "last"),
    [
        (NETWORK_ESTATE, SPEC, 0, "2 VMs: 2 ready, 0 with warnings, 0 blocked. Preflight: ready."),
        (NETWORK_ESTATE, WITH_EGRESS, 0, "2 VMs: 2 ready, 0 with warnings, 0 blocked. Preflight: ready."),
        (NETWORK_ESTATE.replace("os: linux,", "os: linux, size: Standard_B1s,"), SPEC, 2,
         "2 VMs: 1 ready, 1 with warnings, 0 blocked. Preflight: with warnings."),
        (NETWORK_ESTATE, SPEC.replace("vm-sql", "vm-gone"), 3,
         "2 VMs: 1 ready, 0 with warnings, 1 blocked. Preflight: blocked."),
        (LOCKED, WITH_EGRESS, 3, "2 VMs: 1 ready, 0 with warnings, 1 blocked. Preflight: blocked."),
    ],
    ids=["ready", "opened by the plan", "warnings", "no such VM", "no room for the rules"],
)  # fmt: skip
def test_exit_code_and_verdict(desk: Desk, estate: str, spec: str, code: int, last: str) -> None:
    desk.load(estate)
    desk.write_spec(spec)
    answer = desk.run("preflight")
    assert answer.code == code, answer
    assert answer.out.splitlines()[-1] == last
    posts = {url.partition("?")[0].partition("/providers/")[2] for method, url in desk.sent if method != "GET"}
    assert posts <= {"Microsoft.ResourceGraph/resources", "Microsoft.PolicyInsights/checkPolicyRestrictions"}


def test_the_document_holds_a_verdict_with_evidence_for_each_vm(desk: Desk) -> None:
    desk.load(NETWORK_ESTATE)
    document = desk.run("preflight", "--format", "json").document
    assert document["formatVersion"] == "1"
    assert document["summary"] == {
        "vms": 2,
        "byVerdict": {"ready": 2, "warnings": 0, "blocked": 0},
        "findings": {},
    }
    assert [vm["vm"] for vm in document["vms"]] == ["rg-app/vm-sql", "rg-app/vm-web"]
    (reach,) = [each for each in document["vms"][0]["egress"] if each["destination"] == "AzureBackup"]
    assert reach == {
        "destination": "AzureBackup",
        "port": 443,
        "result": "denied",
        "evidence": "denied by rule deny-all-outbound (priority 1000) of nsg-app",
        "needed": False,
    }


def test_transcript(desk: Desk) -> None:
    desk.load(LOCKED)
    desk.write_spec(WITH_EGRESS)
    assert_golden(
        "preflight", shown(desk, ["preflight -v", "preflight --format markdown", "explain P202"]), desk.folder
    )


def test_markdown_puts_what_others_wrote_into_code_spans(desk: Desk) -> None:
    desk.load(NETWORK_ESTATE)
    out = desk.run("preflight", "--format", "markdown").out
    assert out.startswith("## azbackup preflight\n\n**2 VMs: 2 ready, 0 with warnings, 0 blocked. Preflight: ready.**")
    assert "| ready | `rg-app/vm-sql` | `rsv` | `168.63.129.16 80, 443, 32526: allowed" in out


def test_what_is_denied_is_told_though_it_is_not_needed(desk: Desk) -> None:
    desk.load(NETWORK_ESTATE)
    told = "egress: AzureBackup 443: denied by rule deny-all-outbound (priority 1000) of nsg-app (not needed)"
    assert told in desk.run("preflight").out


def test_a_spec_with_errors_ends_with_1(desk: Desk) -> None:
    desk.write_spec(SPEC.replace("policy: daily}", "policy: dayly}"))
    assert desk.run("preflight").code == 1


def test_a_thousand_vms_cost_at_most_forty_requests_and_few_lines(desk: Desk, tmp_path: Path) -> None:
    made = desk.run("sandbox", "generate", "--vms", "1000", "--policies", "5", "--spec", str(tmp_path / "big.yaml"))
    assert made.code == 0
    desk.sent.clear()
    answer = desk.run("preflight", str(tmp_path / "big.yaml"))
    assert len(desk.sent) <= 40
    governance = [url for _, url in desk.sent if "/permissions?" in url or "/checkPolicyRestrictions?" in url]
    assert 0 < len(governance) <= 4
    assert len(answer.out.splitlines()) < 100
    assert answer.out.splitlines()[-1].startswith("1000 VMs: ")


def test_rights_and_policies_of_an_estate_are_told_with_what_mends_them(desk: Desk) -> None:
    desk.load(
        NETWORK_ESTATE + "callerPermissions: [{actions: ['*/read', '*/action']}, {scope: rg-backup, actions: ['*']}]\n"
        "policyAssignments: {owners: {types: [Microsoft.Resources/subscriptions/resourceGroups], missingTag: owner}}\n"
    )
    answer = desk.run("preflight")
    assert answer.code == 3
    assert "the identity lacks Microsoft.Compute/virtualMachines/write on " in answer.out
    assert "az role assignment create --role 'Virtual Machine Contributor' --scope " in answer.out
    assert "az group create --name AzureBackupRG_westeurope_1 --location westeurope --tags owner=VALUE" in answer.out
    assert desk.run("preflight", "--format", "json").document["summary"]["findings"] == {"blocking": 2}
