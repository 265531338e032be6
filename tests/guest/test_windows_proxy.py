"""The proxy script for Windows: what its parameters may be and where they go, what it touches, and what it keeps."""

from reconciler.core.guest_scripts import WINDOWS_PROXY
from tests.guest.powershell import below, function, tree, words

SCRIPT = tree(WINDOWS_PROXY.name)
KEYS = {
    "'Registry::HKEY_USERS\\S-1-5-18\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings'",
    "'Registry::HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings'",
    "'Registry::HKEY_LOCAL_MACHINE\\SOFTWARE\\azbackup\\Proxy'",
}


def test_its_parameters_are_checked_again() -> None:
    action, host, port = words(SCRIPT, "script_parameter")[:3]
    assert "[ValidateSet('set', 'undo')] [string]" in action
    assert "Mandatory = $true" in action
    assert r"[ValidatePattern('\A[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\z')] [string]" in host
    assert "[ValidateRange(1, 65535)] [int]" in port


def test_it_touches_three_registry_keys_and_what_it_changes_it_keeps_and_restores() -> None:
    keys = [text for text in words(SCRIPT, "verbatim_string_characters") if text.startswith("'Registry::")]
    assert set(keys) == KEYS
    entries = [text for text in words(SCRIPT, "hash_entry") if text.startswith("Name = ")]
    names = {text.removeprefix("Name = ").rstrip(";") for text in entries}
    assert names == {
        "'ProxyEnable'", "'ProxyServer'", "'ProxyOverride'", "'DefaultConnectionSettings'", "'SavedLegacySettings'", "'WinHttpSettings'",
    }  # fmt: skip
    for name in ("Test-Wanted", "Save-Before", "Set-Proxy", "Restore-Before"):
        loops = list(below(function(SCRIPT, name), "foreach_statement"))
        assert [words(loop, "variable")[:2] for loop in loops] == [["$value", "$Values"]], name


def test_the_state_before_is_complete_before_anything_is_set() -> None:
    assert words(function(SCRIPT, "Save-Before"), "command")[-1] == "Write-Value $Kept 'Complete' 'DWord' 1"
    order = [
        text
        for text in words(SCRIPT, "command_name")
        if text in {"Test-Wanted", "Save-Before", "Set-Proxy", "Restore-Before"}
    ]
    assert order == ["Test-Wanted", "Save-Before", "Set-Proxy", "Restore-Before"]


def test_the_proxy_goes_to_netsh_as_an_argument_and_the_host_is_left_out() -> None:
    call = next(text for text in words(function(SCRIPT, "Set-Proxy"), "command") if "netsh" in text)
    assert call.split("netsh.exe")[1].strip() == '" winhttp set proxy "proxy-server=$Server" "bypass-list=$Bypass"'
    bypass = [text for text in words(SCRIPT, "assignment_expression") if text.startswith("$Bypass ")]
    assert bypass == ["$Bypass = '168.63.129.16;169.254.169.254;<local>'"]
