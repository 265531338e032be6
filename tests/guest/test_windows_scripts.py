"""What holds for every script for Windows: it parses, and calls, touches and reads nothing but what is listed here."""

from dataclasses import dataclass

import pytest

from reconciler.core.guest_scripts import ALL, WINDOWS_AGENT_UPDATE, WINDOWS_PROXY, GuestScript
from tests.guest.powershell import below, parse, tree, words

COMMON_CMDLETS = {
    "ConvertTo-Json",
    "Get-Item",
    "New-Item",
    "New-Object",
    "Out-Null",
    "Remove-Item",
    "Set-StrictMode",
    "Test-Path",
}
COMMON_VARIABLES = {"$_", "$null", "$true", "$false", "$env:SystemRoot", "$ErrorActionPreference"}


@dataclass(frozen=True)
class Allowed:
    """Beside what is common: cmdlets, programs that are called, types, methods, variables that nobody here sets."""

    script: GuestScript
    cmdlets: frozenset[str]
    programs: tuple[str, ...]
    types: frozenset[str]
    methods: frozenset[str]
    automatic: frozenset[str]


ALLOWED = [
    Allowed(
        WINDOWS_PROXY,
        frozenset({"New-ItemProperty", "Remove-ItemProperty"}),
        ('"$env:SystemRoot\\System32\\netsh.exe"',),
        frozenset({"[BitConverter]", "[Text.Encoding]", "[string]", "[int]", "[byte[]]"}),
        frozenset({"Flush", "GetBytes", "GetString", "GetValue", "ToArray", "ToInt32", "ToUInt16", "Write"}),
        frozenset({"$LASTEXITCODE"}),
    ),
    Allowed(
        WINDOWS_AGENT_UPDATE,
        frozenset({
            "Get-AuthenticodeSignature", "Get-CimInstance", "Get-Date", "Get-ScheduledTask", "Invoke-WebRequest",
            "New-ScheduledTaskAction", "New-ScheduledTaskPrincipal", "New-ScheduledTaskSettingsSet", "New-ScheduledTaskTrigger",
            "New-TimeSpan", "Register-ScheduledTask", "Unregister-ScheduledTask",
        }),
        (),
        frozenset({
            "[Net.SecurityProtocolType]", "[Net.ServicePointManager]", "[Runtime.InteropServices.Marshal]",
            "[Security.Cryptography.X509Certificates.X509NameType]", "[version]", "[object[]]", "[string]",
        }),
        frozenset({"AddMinutes", "FinalReleaseComObject", "GetNameInfo", "GetType", "InvokeMember"}),
        frozenset({"$ProgressPreference", "$Matches", "$env:ProgramFiles", "$env:PROCESSOR_ARCHITECTURE"}),
    ),
]  # fmt: skip
each_script = pytest.mark.parametrize("allowed", ALLOWED, ids=lambda allowed: str(allowed.script.name))


def test_no_script_is_left_out_and_the_parser_would_notice() -> None:
    assert [allowed.script for allowed in ALLOWED] == [script for script in ALL if script.os == "Windows"]
    assert parse(b"if ($a -eq 1) { 'x' ").has_error
    assert parse(b"function f([string $a) { }").has_error


@each_script
def test_it_parses(allowed: Allowed) -> None:
    assert not tree(allowed.script.name).has_error


@each_script
def test_its_parameters_are_the_ones_that_are_listed(allowed: Allowed) -> None:
    parameters = next(below(tree(allowed.script.name), "param_block"))
    named = words(parameters, "script_parameter")
    assert [text.rsplit("$", 1)[1] for text in named] == list(allowed.script.parameters)


@each_script
def test_it_calls_nothing_but_what_is_listed_and_its_own_functions(allowed: Allowed) -> None:
    script = tree(allowed.script.name)
    called = set(words(script, "command_name")) - set(words(script, "function_name"))
    assert called - COMMON_CMDLETS == allowed.cmdlets
    assert tuple(words(script, "command_name_expr")) == allowed.programs
    assert set(words(script, "type_literal")) == allowed.types
    calls = below(script, "invokation_expression")
    names = {(part.text or b"").decode() for call in calls for part in call.children if part.type == "member_name"}
    assert names == allowed.methods


@each_script
def test_every_function_is_used(allowed: Allowed) -> None:
    script = tree(allowed.script.name)
    assert set(words(script, "function_name")) <= set(words(script, "command_name"))


@each_script
def test_every_variable_is_a_parameter_set_here_or_automatic(allowed: Allowed) -> None:
    script = tree(allowed.script.name)
    known = {name.lower() for name in COMMON_VARIABLES | allowed.automatic}
    known |= {text.lower() for node in below(script, "script_parameter") for text in words(node, "variable")}
    for assignment in below(script, "left_assignment_expression"):
        known |= {text.lower() for text in words(assignment, "variable")[:1]}
    for loop in below(script, "foreach_statement"):
        known.add(words(loop, "variable")[0].lower())
    used = {text.lower().replace("{", "").replace("}", "") for text in words(script, "variable", "braced_variable")}
    assert used - known == set()


@each_script
@pytest.mark.parametrize("line", ["Set-StrictMode -Version 2.0", "$ErrorActionPreference = 'Stop'"])
def test_an_error_ends_it_with_a_line_of_json(allowed: Allowed, line: str) -> None:
    script = tree(allowed.script.name)
    assert line in words(script, "command", "assignment_expression")
    last = next(below(script, "catch_clause"))
    assert words(last, "flow_control_statement") == ["exit 1"]
    assert words(last, "command_name")[-1] == "ConvertTo-Json"
    name = allowed.script.name.removesuffix(".ps1")
    assert words(script, "hash_entry").count(f"script = '{name}';") == 2
