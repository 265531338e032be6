"""For each recorded exchange: the world in which its request makes sense, and what the sandbox does otherwise on purpose."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from reconciler.sandbox.rows import jobs
from tests.sandbox.lab import Lab, policy

# Rows that come with the network capability (issue 3).
ELSEWHERE = {
    "nsg-list-2020": "tests/sandbox_serve/test_network_rows.py",
    "nsgrule-put-201-2021": "tests/sandbox_serve/test_network_rows.py",
    "firewallpolicy-rcg-put-201-2022": "tests/sandbox_serve/test_network_rows.py",
}
"""Recordings that another test replays."""

# What is deliberately unlike the recording: places of the comparison, with the reason.
DIFFERS: dict[str, dict[str, str]] = {
    "vm-get-instanceview-2020": {
        ".properties.osProfile.adminUsername": "the sandbox has one administrator name",
        ".properties.osProfile.linuxConfiguration keys": "newer versions show provisionVMAgent too",
        ".properties.osProfile.linuxConfiguration.disablePasswordAuthentication": "a choice of the recorded VM",
        ".properties.osProfile keys": "newer versions show allowExtensionOperations too",
        ".properties.osProfile.computerName": "the sandbox names the computer after the VM",
        ".properties.diagnosticsProfile.bootDiagnostics keys": "boot diagnostics without an account of one's own",
        ".properties.instanceView.bootDiagnostics keys": "no screenshots",
        ".properties.instanceView.computerName": "the sandbox names the computer after the VM",
        ".properties.instanceView.hyperVGeneration": "generation 2 is today's default",
        ".properties.instanceView.osVersion": "one image for each operating system",
        ".properties.storageProfile.imageReference.offer": "one image for each operating system",
        ".properties.storageProfile.imageReference.sku": "one image for each operating system",
        ".properties.storageProfile.imageReference.exactVersion": "one image for each operating system",
        ".properties.storageProfile.osDisk.managedDisk.id": "Compute spells the group of disks in another case there",
        ".properties.storageProfile.dataDisks[0].managedDisk.id": "Compute spells the group of disks in another case there",
        ".properties.networkProfile.networkInterfaces[0].id": "Compute spells the group of NICs in another case there",
    },
}

Prepared = Mapping[str, str]  # texts of the recorded path to be replaced by what they are here
Prepare = Callable[[Lab, Mapping[str, Any]], Prepared]


POLICY_DAY = datetime(2022, 5, 13, 10, 6, tzinfo=UTC)  # the recorded default policies are of this day


def lab_for(exchange: Mapping[str, Any]) -> Lab:
    """An empty sandbox with the subscription, group and vault name that the recorded request speaks of."""
    parts = exchange["request"]["path"].split("?")[0].split("/")
    names = {parts[place].lower(): parts[place + 1] for place in range(1, len(parts) - 1)}
    group = names.get("resourcegroups", "clitest.rg000001")
    vault = names.get("vaults", "clitest-vault000002")
    region = exchange["response"]["body"].get("location") if isinstance(exchange["response"]["body"], dict) else None
    moment = datetime(2022, 2, 11, 2, 18, tzinfo=UTC) if "job" in exchange["source"]["path"] else POLICY_DAY
    location = region or "southeastasia"
    return Lab(names["subscriptions"], now=moment, group=group, vault=vault, location=location)


def nothing(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    return {}


def old_vault(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    lab.make_vault("2021-03-01")
    return {}


def new_vault(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    lab.make_vault()
    return {}


def put_first(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    """The vault of vault-put-201-async-2026, settled."""
    lab.ok("PUT", lab.vault, VAULT_BODY)
    lab.world.advance(60)
    return {}


VAULT_BODY = {
    "location": "eastasia",
    "sku": {"name": "Standard"},
    "properties": {
        "monitoringSettings": {
            "azureMonitorAlertSettings": {
                "alertsForAllJobFailures": "Enabled",
                "alertsForAllReplicationIssues": "Enabled",
                "alertsForAllFailoverIssues": "Enabled",
            },
            "classicAlertSettings": {
                "alertsForCriticalOperations": "Enabled",
                "emailNotificationsForSiteRecovery": "Enabled",
            },
        },
        "costManagementSettings": {"granularityLevel": "VaultLevel"},
    },
}


def putting(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    header = lab.send("PUT", lab.vault, VAULT_BODY).headers["Azure-AsyncOperation"]
    return {_last(exchange["request"]["path"]): _last(header)}


def _last(url: str) -> str:
    return url.split("?")[0].rsplit("/", 1)[1]


def deleting(*, vanishes: bool) -> Prepare:
    def prepare(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
        lab.make_vault()
        lab.world.set_fact("vaultDeleteStatusVanishes", vanishes)
        header = lab.send("DELETE", lab.vault).headers["Azure-AsyncOperation"]
        lab.world.advance(120)
        return {_last(exchange["request"]["path"]): _last(header)}

    return prepare


def deleted(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    lab = lab_with_vault_of(lab, exchange)
    lab.ok("DELETE", lab.vault)
    lab.world.advance(60)
    place = f"/subscriptions/{lab.subscription}/providers/Microsoft.RecoveryServices/locations/{lab.location}"
    found = lab.ok("GET", f"{place}/deletedVaults")["value"][0]["name"]
    return {_last(exchange["request"]["path"]): found}


def lab_with_vault_of(lab: Lab, exchange: Mapping[str, Any]) -> Lab:
    """The vault that the recorded answer names."""
    lab.vault = exchange["response"]["body"]["properties"]["vaultId"]
    lab.group(lab.vault.split("/")[4])
    lab.make_vault()
    return lab


def sql_policy_time(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    lab.location = "southcentralus"  # one of the regions whose default time is 16:00 here
    lab.make_vault()
    return {}


def unused_policy(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    lab.make_vault()
    lab.ok("PUT", exchange["request"]["path"].split("?")[0], {"properties": policy()})
    return {}


VM = "clitest-vm000003"


def item_vm(lab: Lab, **more: Any) -> str:
    return lab.vm(VM, group=lab.vault.split("/")[4], **more)


def with_vm(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    old_vault(lab, exchange)
    item_vm(lab)
    return {}


def protected(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    old_vault(lab, exchange)
    lab.protect(item_vm(lab, os="Windows", size="Standard_DS1_v2"))
    return {}


def backing_up(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    protected(lab, exchange)
    expiry = {"objectType": "IaasVMBackupRequest", "recoveryPointExpiryTimeInUTC": "2022-03-13T00:00:00.000Z"}
    lab.send("POST", f"{lab.item(item_id(lab))}/backup", {"properties": expiry})
    job = lab.ok("GET", f"{lab.vault}/backupJobs")["value"][0]
    return {_last(exchange["request"]["path"]): job["name"]}


def item_id(lab: Lab) -> str:
    group = lab.vault.split("/")[4]
    return f"/subscriptions/{lab.subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{VM}"


def backed_up(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    backing_up(lab, exchange)
    lab.world.advance(3700)
    return {}


def restoring(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    backed_up(lab, exchange)
    item = lab.row(lab.item(item_id(lab)))
    lab.world.put(jobs.job_row(lab.world, item.meta, "Restore", {}))
    lab.world.advance(9)
    return {}


def enabling(lab: Lab, exchange: Mapping[str, Any], wait: float = 0) -> Prepared:
    old_vault(lab, exchange)
    response = lab.protect(item_vm(lab), wait=wait)
    return {_last(exchange["request"]["path"]): _last(response.headers["Azure-AsyncOperation"])}


def enabled(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    return enabling(lab, exchange, wait=120)


def configured(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    protected(lab, exchange)
    return {_last(exchange["request"]["path"]): lab.ok("GET", f"{lab.vault}/backupJobs")["value"][0]["name"]}


def stopped(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    protected(lab, exchange)
    lab.stop(item_id(lab))
    return {}


def soft_deleted(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    protected(lab, exchange)
    lab.send("DELETE", lab.item(item_id(lab)))
    lab.world.advance(60)
    return {}


def stop_retain(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    lab.make_vault()
    lab.protect(lab.vm("hiaga-adhoc-vm", group="HIAGARG"))
    return {}


def pending_2026(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    lab.location = "eastasia"
    lab.make_vault()
    hourly_policy(lab)
    lab.protect(lab.vm("singhprab-ps-vm7", group="singhprab-rg-1c"), "clitest-csb-pol1000003")
    return {}


def hourly_policy(lab: Lab) -> None:
    stamp = "2026-09-09T08:00:00+00:00"
    hourly = {"interval": 4, "scheduleWindowDuration": 12, "scheduleWindowStartTime": stamp}
    daily = {"retentionDuration": {"count": 30, "durationType": "Days"}, "retentionTimes": [stamp]}
    properties = {
        "backupManagementType": "AzureIaasVM",
        "policyType": "V2",
        "instantRpRetentionRangeInDays": 2,
        "schedulePolicy": {
            "schedulePolicyType": "SimpleSchedulePolicyV2",
            "scheduleRunFrequency": "Hourly",
            "hourlySchedule": hourly,
        },
        "retentionPolicy": {"retentionPolicyType": "LongTermRetentionPolicy", "dailySchedule": daily},
        "timeZone": "UTC",
    }
    lab.ok("PUT", f"{lab.vault}/backupPolicies/clitest-csb-pol1000003", {"properties": properties})


def soft_deleted_2026(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    pending_2026(lab, exchange)
    vm_id = lab.world.listed(f"{lab.vault}/backupprotecteditems")[0].meta["vmId"]
    lab.send("DELETE", lab.item(vm_id))
    lab.world.advance(60)
    return {}


def mixed_2025(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    lab.make_vault()
    moved = lab.ok("GET", f"{lab.vault}/backupPolicies/DefaultPolicy")
    lab.ok("PUT", f"{lab.vault}/backupPolicies/DefaultPolicyBackupMove", {"properties": moved["properties"]})
    first = lab.vm("anshul-vm", group="ANSSINGH-RG")
    second = lab.vm("hiaga-adhoc-vm", group="HIAGARG")
    third = lab.vm("hiaganewVM2", group="hiagarg")
    lab.protect(first, "DefaultPolicyBackupMove")
    lab.protect(second)
    lab.protect(third, "DefaultPolicyBackupMove")
    for vm_id in (first, third):
        lab.send("POST", f"{lab.item(vm_id)}/backup", {"properties": {"objectType": "IaasVMBackupRequest"}})
    lab.world.advance(3700)
    return {}


def discoverable(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    old_vault(lab, exchange)
    lab.vm("test", group="akkanaseCMK")
    lab.vm("saphana-clitest-vm2", group="saphana-clitest-rg")
    lab.vm("elsewhere", group="other", location="westeurope")
    return {}


def instance(lab: Lab, exchange: Mapping[str, Any]) -> Prepared:
    data = {"lun": 0, "name": "cctestvm_disk2_c891bbcef098417b9c9eaed9b8af5e86", "type": "Standard_LRS", "sizeGb": 1023}
    disks = {
        "os": {"name": "cctestvm_OsDisk_1_517889dc284d4327990247d6d933e390", "type": "Standard_LRS"},
        "data": [data],
    }
    script = {
        "name": "script1",
        "publisher": "Microsoft.Azure.Extensions",
        "type": "CustomScript",
        "version": "2.1.3",
        "tags": {"displayName": "config-app"},
        "settings": {"skipDos2Unix": False, "timestamp": 123456789},
        "message": "Enable succeeded: \n[stdout]\nfoo\n\n[stderr]\n",
    }
    lab.vm(
        "cctestvm",
        group="TEST_VM",
        size="Standard_A1_v2",
        tags={"testtag": "testvalue", "schedule": "on=(M-U,8);off=(M-U,18);tz=pt"},
        disks=disks,
        extensions=[script],
        agent={"version": "2.2.54.2"},
    )
    return {}


PREPARE: dict[str, Prepare] = {
    "backup-post-202-2022": protected,
    "backupconfig-patch-disable-softdelete-2022": old_vault,
    "backupoperations-inprogress-2022": enabling,
    "backupoperations-succeeded-2022": enabled,
    "backupstatus-protected-2022": protected,
    "deletedvault-get-200-2026": deleted,
    "job-get-backup-inprogress-2022": backing_up,
    "job-get-configurebackup-2022": configured,
    "jobs-list-2022": restoring,
    "policy-delete-200-2024": unused_policy,
    "policy-get-404-2024": new_vault,
    "policy-get-default-2022": old_vault,
    "policy-get-enhanced-2026": new_vault,
    "policy-get-hourlylogbackup-2024": sql_policy_time,
    "policy-get-v2-in-use-2026": pending_2026,
    "policy-put-v1-daily-2022": old_vault,
    "policy-put-v2-hourly-2026": new_vault,
    "policy-put-v2-weekly-ltr-2024": new_vault,
    "protectableitems-list-2022": discoverable,
    "protecteditem-delete-202-2022": protected,
    "protecteditem-put-enable-202-2022": with_vm,
    "protecteditem-put-stop-retain-202-2025": stop_retain,
    "protecteditem-put-undelete-202-2022": soft_deleted,
    "protecteditems-list-irpending-2026": pending_2026,
    "protecteditems-list-protected-2022": backed_up,
    "protecteditems-list-softdeleted-2026": soft_deleted_2026,
    "protecteditems-list-stopped-2022": stopped,
    "protecteditems-list-v1policy-mixed-2025": mixed_2025,
    "protectioncontainers-list-softdeleted-2026": soft_deleted_2026,
    "recoverypoints-list-2022": backed_up,
    "refreshcontainers-202-2022": old_vault,
    "storageconfig-put-lrs-2021": old_vault,
    "vault-delete-202-2026": new_vault,
    "vault-delete-operationstatus-404-2026": deleting(vanishes=True),
    "vault-delete-operationstatus-succeeded-2026": deleting(vanishes=False),
    "vault-get-200-2026": put_first,
    "vault-get-404-2026": nothing,
    "vault-patch-202-2026": new_vault,
    "vault-put-201-async-2026": nothing,
    "vault-put-201-sync-2021": nothing,
    "vault-put-operationstatus-inprogress-2026": putting,
    "vm-get-instanceview-2020": instance,
}
