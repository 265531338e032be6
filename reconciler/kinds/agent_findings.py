"""What is said of a VM's agent, and what to do about it (backup-rules A.2, F 1 to 5)."""

from __future__ import annotations

from reconciler.core.desired import DesiredProtection
from reconciler.core.plan import Finding, Severity
from reconciler.kinds.addresses import vm_agent_address

_INSTALL = {
    "Windows": "in the VM, as administrator: install WindowsAzureVmAgent.msi (from aka.ms/vmagentwin) with "
    "`msiexec /i WindowsAzureVmAgent.msi /quiet`, check that the service WindowsAzureGuestAgent runs, and set "
    "osProfile.windowsConfiguration.provisionVMAgent to true",
    "Linux": "in the VM, as root: install walinuxagent (Debian, Ubuntu), WALinuxAgent (RHEL and its like) or "
    "python-azure-agent (SUSE) from the packages of the distribution, then `systemctl enable --now walinuxagent` or `waagent`",
}
_RESTART = {
    "Windows": "in the VM: start the service WindowsAzureGuestAgent, and look that 168.63.129.16 answers on 80 and 32526",
    "Linux": "in the VM: `systemctl restart walinuxagent` or `waagent`, and look that 168.63.129.16 answers on 80 and 32526",
}
_LOG = "the update has run: within minutes the new version shows, else look at C:\\Windows\\Logs\\azbackup-agent-update.log"


def missing(wanted: DesiredProtection, os: str, only_warn: bool) -> Finding:
    return _finding(
        wanted, "P221", "the VM runs, and no agent has ever reported from it",
        "a backup takes its snapshot through the agent, and nothing can be installed from outside without one",
        _INSTALL.get(os, _INSTALL["Linux"]), "warning" if only_warn else "blocking",
    )  # fmt: skip


def not_ready(wanted: DesiredProtection, os: str) -> Finding:
    return _finding(
        wanted, "P222", "the agent of the VM is not ready",
        "backups fail with UserErrorGuestAgentStatusUnavailable while it does not answer",
        _RESTART.get(os, _RESTART["Linux"]),
    )  # fmt: skip


def not_said(wanted: DesiredProtection) -> Finding:
    return _finding(
        wanted, "P222", "nothing is known of the VM's agent", "its instance view has no word of it",
        "look in the portal, under Properties of the VM, whether the agent is Ready",
    )  # fmt: skip


def too_old(wanted: DesiredProtection, version: str) -> Finding:
    by_hand = "in the VM: install the current WindowsAzureVmAgent.msi (aka.ms/vmagentwin) while no backup of it runs"
    return _finding(
        wanted, "P223", f"the agent is of version {version}", "Azure Backup wants 2.6.1198.718 or later on Windows",
        f"say agent: update for the VM; or, {by_hand}" if wanted.agent == "check" else f"{_LOG}; or, {by_hand}",
    )  # fmt: skip


def not_running(wanted: DesiredProtection) -> Finding:
    return _finding(
        wanted, "P224", "the VM does not run, so its agent can't be seen",
        "points of a stopped VM are crash-consistent (backup-rules C.5)", "none needed", "info",
    )  # fmt: skip


def _finding(
    wanted: DesiredProtection, code: str, what: str, why: str, remedy: str, severity: Severity = "warning"
) -> Finding:
    return Finding(code, severity, vm_agent_address(wanted.vm), what, why, remedy, str(wanted.place))
