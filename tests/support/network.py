"""Short builders for bodies of networks and guests as the service sends them (wire-facts 8)."""

from __future__ import annotations

from typing import Any

from tests.support.wire import Body

DENY_ALL: Body = {"name": "deny-all", "priority": 1000, "access": "Deny"}


def rule_body(group_id: str, name: str, **said: Any) -> Body:
    """A rule; what is not said is any, outbound, allow. Plural keys are always there, a singular one only when it was used."""
    wire: Body = {
        "protocol": "*", "access": "Allow", "direction": "Outbound", "priority": 100, "provisioningState": "Succeeded",
        **said,
    }  # fmt: skip
    for singular in ("sourcePortRange", "destinationPortRange", "sourceAddressPrefix", "destinationAddressPrefix"):
        plural = f"{singular}es" if singular.endswith("Prefix") else f"{singular}s"
        wire.setdefault(plural, [])
        if not wire[plural]:
            wire.setdefault(singular, "*")
    kind = "Microsoft.Network/networkSecurityGroups/securityRules"
    return {"name": name, "id": f"{group_id}/securityRules/{name}", "etag": 'W/"1"', "type": kind, "properties": wire}


def group_body(group_id: str, *rules: Body, location: str = "westeurope", state: str = "Succeeded") -> Body:
    """A group with these rules, each as the keywords of `rule_body`."""
    made = [rule_body(group_id, **rule) for rule in rules]
    return {
        "id": group_id,
        "name": group_id.rsplit("/", 1)[1],
        "location": location,
        "properties": {"provisioningState": state, "securityRules": made, "defaultSecurityRules": []},
    }


def instance_view(
    power: str = "running", *, ready: bool = True, version: str = "2.11.1.12", message: str = "", agent: bool = True
) -> Body:
    """As Compute shows it; `message` is of an agent that is not ready."""
    status = {"code": "ProvisioningState/succeeded", "displayStatus": "Ready", "message": "Guest Agent is running"}
    if not ready:
        said = message or "VM status blob is found but not yet populated."
        status = {"code": "ProvisioningState/Unavailable", "displayStatus": "Not Ready", "message": said}
    view: Body = {"statuses": [{"code": "ProvisioningState/succeeded"}, {"code": f"PowerState/{power}"}]}
    return view | ({"vmAgent": {"vmAgentVersion": version, "statuses": [status]}} if agent else {})


def vm_body(vm_id: str, *nic_ids: str, disks: str = "managed") -> Body:
    """`disks`: what the OS disk is, and with a comma the data disks: managed, unmanaged or accelerated."""
    kinds: dict[str, Body] = {
        "managed": {"managedDisk": {"id": f"{vm_id}-disk"}},
        "unmanaged": {"vhd": {"uri": "https://account.blob.core.windows.net/vhds/os.vhd"}},
        "accelerated": {"managedDisk": {"id": f"{vm_id}-disk"}, "writeAcceleratorEnabled": True},
    }
    first, *rest = (kinds[word.strip()] for word in disks.split(","))
    return {
        "id": vm_id,
        "name": vm_id.rsplit("/", 1)[1],
        "properties": {
            "storageProfile": {"osDisk": first, "dataDisks": rest},
            "networkProfile": {"networkInterfaces": [{"id": nic_id} for nic_id in nic_ids]},
        },
    }


def account_body(account_id: str, *, encrypted: bool = True) -> Body:
    """A storage account. Those of old have no word about encryption."""
    known = {"encryption": {"services": {"blob": {"enabled": True, "keyType": "Account"}}}} if encrypted else {}
    return {"id": account_id, "name": account_id.rsplit("/", 1)[1], "properties": known}


def interface_body(nic_id: str, address: str, subnet_id: str, group_id: str = "") -> Body:
    group = {"networkSecurityGroup": {"id": group_id}} if group_id else {}
    configuration = {"properties": {"privateIPAddress": address, "subnet": {"id": subnet_id}}}
    return {"id": nic_id, "properties": {"ipConfigurations": [configuration], **group}}
