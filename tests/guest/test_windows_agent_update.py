"""The update of the agent of Windows: from where the installer comes, what it must be, and that nothing is left behind."""

from reconciler.core.guest_scripts import WINDOWS_AGENT_UPDATE
from tests.guest.powershell import below, function, tree, words

SCRIPT = tree(WINDOWS_AGENT_UPDATE.name)
VALUES = dict(text.split(" = ", 1) for text in words(SCRIPT, "assignment_expression"))
TRY = next(below(SCRIPT, "try_statement"))
STEPS = ("Get-InstalledVersion", "Save-Installer", "Assert-Signature", "Get-OfferedVersion", "Register-Installation")


def conditions(of: str) -> list[str]:
    """The checks of a function that end in an error."""
    found = below(function(SCRIPT, of), "if_statement")
    return [words(node, "pipeline")[0] for node in found if words(node, "flow_control_statement")]


def test_the_installer_comes_from_the_address_of_microsofts_guide_by_tls() -> None:
    text = (SCRIPT.text or b"").decode()
    assert [word for word in text.split() if "://" in word] == ["'https://go.microsoft.com/fwlink/?LinkID=394789'"]
    lines = words(function(SCRIPT, "Save-Installer"), "assignment_expression", "command")
    assert lines[0].endswith("[Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12")
    assert lines[-1] == "Invoke-WebRequest -Uri $Address -OutFile $Installer -UseBasicParsing -TimeoutSec 900"
    assert words(SCRIPT, "command_name").count("Invoke-WebRequest") == 1


def test_it_must_be_signed_by_microsoft_and_be_newer_before_it_is_left_to_run() -> None:
    assert conditions("Assert-Signature") == ["$signature.Status -ne 'Valid'", "$name -cne $Signer"]
    assert VALUES["$Signer"] == "'Microsoft Corporation'"
    assert [name for name in words(TRY, "command_name") if name in STEPS] == list(STEPS)
    assert VALUES["$scheduled"] == "$before -lt $offered"
    only = next(node for node in below(TRY, "if_statement") if "Register-Installation" in words(node, "command_name"))
    assert words(only, "pipeline")[0] == "$scheduled"
    assert words(only, "command_name") == ["Register-Installation", "Remove-Download"]


def test_it_is_kept_where_only_administrators_write() -> None:
    assert VALUES["$Folder"] == '"$env:ProgramFiles\\azbackup"'
    assert VALUES["$Installer"] == '"$Folder\\WindowsAzureVmAgent.msi"'
    assert VALUES["$Log"].startswith('"$env:SystemRoot\\Logs\\')


def test_a_task_of_the_system_installs_it_and_removes_download_and_itself() -> None:
    commands = words(function(SCRIPT, "Register-Installation"), "command")
    actions = [text for text in commands if text.startswith("New-ScheduledTaskAction")]
    assert actions == [
        'New-ScheduledTaskAction -Execute "$System\\msiexec.exe" -Argument "/i `"$Installer`" /quiet /norestart /l* `"$Log`""',
        'New-ScheduledTaskAction -Execute "$System\\cmd.exe" -Argument "/d /c rd /s /q `"$Folder`""',
        'New-ScheduledTaskAction -Execute "$System\\schtasks.exe" -Argument "/Delete /TN $Task /F"',
    ]
    assert VALUES["$soon"] == "(Get-Date).AddMinutes(1)"
    assert "New-ScheduledTaskTrigger -Once -At $soon" in commands
    assert "New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest" in commands
    register = next(text for text in commands if text.startswith("Register-ScheduledTask"))
    assert (
        "-TaskName $Task -Action $actions -Trigger $trigger -Principal $principal -Settings $settings -Force"
        in register
    )


def test_an_earlier_run_is_not_disturbed_and_a_failed_one_leaves_no_file() -> None:
    order = [
        name for name in words(TRY, "command_name") if name.endswith(("-ScheduledTask", "-Download", "-Installer"))
    ]
    assert order == [
        "Get-ScheduledTask", "Unregister-ScheduledTask", "Remove-Download", "Save-Installer", "Remove-Download", "Remove-Download",
    ]  # fmt: skip
    failed = next(below(TRY, "catch_clause"))
    assert [words(node, "pipeline")[:2] for node in below(failed, "if_statement")] == [["$started", "Remove-Download"]]
    busy = next(node for node in below(TRY, "if_statement") if "'Running'" in words(node, "string_literal"))
    assert "Unregister-ScheduledTask" in words(busy, "command_name")
