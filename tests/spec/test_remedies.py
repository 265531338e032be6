"""Complaints say what to write instead."""

import pytest

from reconciler.core.errors import Problem, SpecError
from reconciler.spec import load_documents
from tests.spec.corpus import CONSENT, POLICY, TODAY, TOP, VAULT, VMS

NSG = "egress:\n  app-nsg: {via: nsg, nsg: rg-net/nsg-app}\n"
PROXY = TOP + "egress: {{a: {{via: proxy, nsg: rg-net/n, proxy: {{address: '{}', port: 8080}}}}}}\n"
FIREWALL = TOP + "egress: {{a: {{via: firewall, firewall: rg-hub/afw, sources: [{}]}}}}\n"
DAILY = "        schedule: {every: day, at: 23:00}\n        retain: {daily: 30}\n"


def use_of(egress: str, head: str = "") -> str:
    return VMS + f"      - {{vm: rg-app/vm-a, policy: p-daily, egress: {egress}}}\n" + head


def problem_of(text: str) -> Problem:
    try:
        (problem,) = load_documents({"a.yaml": text}, today=TODAY)[1]
    except SpecError as error:
        (problem,) = error.problems
    return problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("apiVersion: azbackup/v1\nvault: {}\n", "did you mean 'vaults'?"),
        ("apiVersion: azbackup/v1\nzzz: {}\n", "write one of: apiVersion, consents, egress, location, resourceGroup"),
        ("apiVersion: azbackup/v1\nvаults: {}\n", "did you mean 'vaults'?"),
        ("apiVersion: azbackup/v1\ninclude: x\n", "on the command line"),
        ("apiVersion: azbackup/v1\nlocation: North Europe\n", "write 'northeurope'"),
        (VAULT + "    replication: LSR\n", "did you mean 'LRS'?"),
        (VAULT + "    replication: best\n", "write one of: LRS, ZRS, GRS"),
        (VAULT + "    crossRegionRestore: off\n", "write false"),
        (VAULT + "    crossRegionRestore: yes\n", "write true"),
        (POLICY + DAILY.replace("23:00", "7:00"), 'write "07:00"'),
        (POLICY + DAILY.replace("23:00", "24:00"), "write HH:00 or HH:30"),
        (POLICY + DAILY.replace("30", "30d"), "write 30"),
        (POLICY + DAILY.replace("30", "'30'"), "write 30"),
        (POLICY + DAILY.replace("23:00", "23:00, timeZone: Romance Standart Time"), "did you mean 'Romance Standard Time'?"),
        (POLICY + DAILY.replace("30", "30, monthly: {months: 3, on: 'First  Sunday'}"), "write 'first sunday'"),
        (
            POLICY + DAILY.replace("30", "30, monthly: {months: 3, on: [first sunday, last monday]}"),
            "add first monday, last sunday, or list fewer",
        ),
        (VMS + "      - {vm: rg-app/vm-a, policy: p-dayly}\n", "did you mean 'p-daily'?"),
        (VMS + "      - {vm: rg-app/vm-a, policy: zzz}\n", "define it under `policies:` of this vault"),
        (CONSENT + "    reason: why\n    expires: 2027-01-01\n", "write 2026-12-06 or an earlier day"),
        (use_of("app-nsq", NSG), "did you mean 'app-nsg'?"),
        (use_of("zzz", NSG), "define it under `egress:`"),
        (PROXY.format("10.0.0.5:8080"), "write 10.0.0.5, and the port under `port`"),
        (PROXY.format("proxy.example.com"), "write an address as in 10.0.0.5"),
        (FIREWALL.format("10.0.0.1/16"), "write 10.0.0.0/16"),
        (FIREWALL.format("10.0.0.5"), "write 10.0.0.5/32"),
        (TOP + "egress: {a: {via: ngs, nsg: rg-net/nsg-app}}\n", "did you mean 'nsg'?"),
        (TOP + "egress: {a: {via: nsg, nsg: rg-net/nsg-a}, b: {via: nsg, nsg: rg-net/nsg-a}}\n", "use 'a' for these VMs too"),
    ],
)  # fmt: skip
def test_remedies_name_the_way_out(text: str, said: str) -> None:
    assert said in problem_of(text).remedy


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (VMS + "      - {vm: rg-app/vm-a, policy: zzz}\n", "defined here: p-daily"),
        (VAULT + "    replication: GRS\n    replication: LRS\n", "first at 7:5"),
        (VAULT + "    tags: {a: x, A: x}\n", "first as 'a' at 7:12"),
        (VMS + "      - {vm: rg-a/a, policy: p-daily}\n      - {vm: rg-a/A, policy: p-daily}\n", "listed at a.yaml:12:9 already"),
        (
            VMS + "      - {vm: rg-a/a, policy: p-daily}\n      - {vm: rg-a/A, state: stopped}\n",
            "assigned at a.yaml:12:9 already, to vault 'rsv-a' by policy 'p-daily'",
        ),
        (
            VMS + "      - {vm: rg-a/a, state: stopped}\n      - {vm: rg-a/A, policy: p-daily}\n",
            "to vault 'rsv-a' as stopped",
        ),
        ("apiVersion: azbackup/v1\nv\u0430ults: {}\n", "U+0430 CYRILLIC SMALL LETTER A"),
        ("apiVersion: azbackup/v1\nlocation: a\u202eb\n", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        (
            POLICY + DAILY.replace("23:00", "02:30, timeZone: Europe/Madrid, daylightSaving: follow"),
            "02:30 does not exist on 2027-03-28 in Europe/Madrid; the backup starts at 01:30 UTC then",
        ),
        (
            POLICY + DAILY.replace("23:00", "23:30, timeZone: Asia/Kathmandu, daylightSaving: follow"),
            "23:30 in Asia/Kathmandu is 17:45 UTC, and `follow` sends the time in UTC",
        ),
        (VAULT + "    replication: [x]\n", "expected"),
        ("apiVersion: azbackup/v1\nlocation: []\n", "expected text, found a list"),
        (POLICY + "        tier: enhanced\n" + DAILY.replace("30", "7"), "7 snapshot days (the default): expected fewer than the 7"),
        (POLICY + DAILY + "        snapshots: {days: 6}\n", "6 snapshot days: expected 1 to 5"),
        (VMS + "      - {select: [x], policy: p-daily}\n", "expected text or a mapping, found a list"),
        (use_of("zzz", NSG), "defined are: app-nsg"),
        (use_of("zzz"), "the spec defines none"),
        (PROXY.format("127.0.0.1"), "no VM has the address '127.0.0.1'"),
        (TOP + "egress: {a: {via: nsg, nsg: rg-net/n, sources: [10.0.0.0/8]}}\n", "'sources' does not go with `via: nsg`"),
        (TOP + "egress: {a: {via: nsg}}\n", "the key 'nsg' is missing for `via: nsg`"),
        (TOP + "egress: {a: {via: nsg, nsg: /x/y}}\n", "is not the id of a network security group"),
        ("apiVersion: azbackup/v1\negress: {a: {via: nsg, nsg: rg-net/n}}\n", "the key 'subscription' is missing for the egress 'a'"),
    ],
)  # fmt: skip
def test_complaints_say_what_they_found(text: str, said: str) -> None:
    assert said in problem_of(text).what


def test_tabs_and_directives_are_told_apart() -> None:
    assert "tab" in problem_of("apiVersion:\tazbackup/v1\n").what
    assert "%" in problem_of("%YAML 1.2\n").what


def test_a_credential_is_not_echoed() -> None:
    secret = "hunter2hunter2"
    problem = problem_of(f"apiVersion: azbackup/v1\nlocation: https://me:{secret}@x.example/\n")
    assert problem.code == "E701"
    assert secret not in str(problem)
    problem = problem_of(PROXY.format(f"me:{secret}@10.0.0.5"))
    assert problem.code == "E833"
    assert secret not in str(problem)


def test_long_and_hidden_text_is_shown_cut_and_safe() -> None:
    problem = problem_of(VAULT + f"    replication: {'x' * 500}\n")
    assert len(problem.what) < 120
    problem = problem_of(VAULT + '    replication: "a\\nb"\n')
    assert "\n" not in problem.what
    assert "\\u{000a}" in problem.what
