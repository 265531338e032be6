"""The proxy script for Windows, parsed with a grammar of PowerShell: no PowerShell can be had from where the tests get their tools.

So what is asserted is what can be read off a syntax tree: that it parses, what it may call and touch, and where its parameters go.
"""

from collections.abc import Iterator
from functools import cache

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from reconciler.core.guest_scripts import WINDOWS_PROXY
from tests.guest.machine import SCRIPTS

CMDLETS = {
    "ConvertTo-Json", "Get-Item", "New-Item", "New-ItemProperty", "New-Object", "Out-Null", "Remove-Item", "Remove-ItemProperty",
    "Set-StrictMode", "Test-Path",
}  # fmt: skip
AUTOMATIC = {"$_", "$null", "$true", "$false", "$LASTEXITCODE", "$env:SystemRoot", "$ErrorActionPreference"}
KEYS = {
    "'Registry::HKEY_USERS\\S-1-5-18\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings'",
    "'Registry::HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings'",
    "'Registry::HKEY_LOCAL_MACHINE\\SOFTWARE\\azbackup\\Proxy'",
}


def parse(text: bytes) -> Node:
    return Parser(Language(tree_sitter_powershell.language())).parse(text).root_node


@cache
def script() -> Node:
    return parse((SCRIPTS / WINDOWS_PROXY.name).read_bytes())


def below(node: Node, *types: str) -> Iterator[Node]:
    for child in node.children:
        if child.type in types:
            yield child
        yield from below(child, *types)


def words(*types: str, node: Node | None = None) -> list[str]:
    return [(found.text or b"").decode() for found in below(node or script(), *types)]


def function(name: str) -> Node:
    return next(node for node in below(script(), "function_statement") if words("function_name", node=node) == [name])


def test_it_parses_and_the_parser_would_notice() -> None:
    assert not script().has_error
    assert parse(b"if ($a -eq 1) { 'x' ").has_error
    assert parse(b"function f([string $a) { }").has_error


def test_its_parameters_are_the_ones_that_are_listed() -> None:
    parameters = next(below(script(), "param_block"))
    named = words("script_parameter", node=parameters)
    assert [text.rsplit("$", 1)[1] for text in named] == list(WINDOWS_PROXY.parameters)
    action, host, port = named
    assert "[ValidateSet('set', 'undo')] [string]" in action
    assert "Mandatory = $true" in action
    assert r"[ValidatePattern('\A[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\z')] [string]" in host
    assert "[ValidateRange(1, 65535)] [int]" in port


def test_it_calls_nothing_but_a_few_cmdlets_its_own_functions_and_netsh() -> None:
    assert set(words("command_name")) == CMDLETS | set(words("function_name"))
    assert words("command_name_expr") == ['"$env:SystemRoot\\System32\\netsh.exe"']
    assert set(words("type_literal")) <= {
        "[BitConverter]", "[Text.Encoding]", "[string]", "[int]", "[byte[]]", "[CmdletBinding()]",
    }  # fmt: skip


def test_every_variable_is_a_parameter_set_here_or_automatic() -> None:
    known = {name.lower() for name in AUTOMATIC}
    known |= {text.lower() for node in below(script(), "script_parameter") for text in words("variable", node=node)}
    for assignment in below(script(), "left_assignment_expression"):
        known |= {text.lower() for text in words("variable", node=assignment)[:1]}
    for loop in below(script(), "foreach_statement"):
        known.add(words("variable", node=loop)[0].lower())
    used = {text.lower().replace("{", "").replace("}", "") for text in words("variable", "braced_variable")}
    assert used - known == set()


def test_it_touches_three_registry_keys_and_what_it_changes_it_keeps_and_restores() -> None:
    keys = [text for text in words("verbatim_string_characters") if text.startswith("'Registry::")]
    assert set(keys) == KEYS
    entries = [text for text in words("hash_entry") if text.startswith("Name = ")]
    names = {text.removeprefix("Name = ").rstrip(";") for text in entries}
    assert names == {
        "'ProxyEnable'", "'ProxyServer'", "'ProxyOverride'", "'DefaultConnectionSettings'", "'SavedLegacySettings'", "'WinHttpSettings'",
    }  # fmt: skip
    for name in ("Test-Wanted", "Save-Before", "Set-Proxy", "Restore-Before"):
        loops = list(below(function(name), "foreach_statement"))
        assert [words("variable", node=loop)[:2] for loop in loops] == [["$value", "$Values"]], name


def test_the_state_before_is_complete_before_anything_is_set() -> None:
    assert words("command", node=function("Save-Before"))[-1] == "Write-Value $Kept 'Complete' 'DWord' 1"
    order = [
        text for text in words("command_name") if text in {"Test-Wanted", "Save-Before", "Set-Proxy", "Restore-Before"}
    ]
    assert order == ["Test-Wanted", "Save-Before", "Set-Proxy", "Restore-Before"]


def test_the_proxy_goes_to_netsh_as_an_argument_and_the_host_is_left_out() -> None:
    call = next(text for text in words("command", node=function("Set-Proxy")) if "netsh" in text)
    assert call.split("netsh.exe")[1].strip() == '" winhttp set proxy "proxy-server=$Server" "bypass-list=$Bypass"'
    bypass = [text for text in words("assignment_expression") if text.startswith("$Bypass ")]
    assert bypass == ["$Bypass = '168.63.129.16;169.254.169.254;<local>'"]


@pytest.mark.parametrize("line", ["Set-StrictMode -Version 2.0", "$ErrorActionPreference = 'Stop'"])
def test_an_error_ends_it(line: str) -> None:
    assert line in words("command", "assignment_expression")
    assert words("flow_control_statement", node=next(below(script(), "catch_clause"))) == ["exit 1"]
