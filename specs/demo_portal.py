"""What somebody might do in the portal, for the demo: keep the points of a policy for less time, and stop the backup of one VM.

Uses the Azure SDK against a sandbox file, without azbackup: `python specs/demo_portal.py SANDBOX`.
"""

from __future__ import annotations

import sys
from typing import Any

from azure.mgmt.recoveryservicesbackup import RecoveryServicesBackupClient

from reconciler.sandbox.transport import SandboxCredential, SandboxTransport
from reconciler.sandbox.world import DEFAULT_SUBSCRIPTION, World

GROUP, VAULT, POLICY, VM_GROUP, VM = "rg-backup", "rsv-quickstart", "daily-2300", "rg-app", "vm-web-01"


def main(sandbox: str) -> None:
    world = World.open(sandbox)
    client = RecoveryServicesBackupClient(SandboxCredential(), DEFAULT_SUBSCRIPTION, transport=SandboxTransport(world))
    policy: Any = client.protection_policies.get(VAULT, GROUP, POLICY).as_dict()
    policy["properties"]["retentionPolicy"]["dailySchedule"]["retentionDuration"]["count"] = 14
    client.protection_policies.create_or_update(VAULT, GROUP, POLICY, policy)
    world.advance(600)  # the policy's own jobs end

    vm_id = f"/subscriptions/{DEFAULT_SUBSCRIPTION}/resourceGroups/{VM_GROUP}/providers/Microsoft.Compute/virtualMachines/{VM}"
    stop: Any = {
        "properties": {
            "protectedItemType": "Microsoft.Compute/virtualMachines",
            "sourceResourceId": vm_id,
            "policyId": "",
            "protectionState": "ProtectionStopped",
        }
    }
    name = f"iaasvmcontainerv2;{VM_GROUP};{VM}"
    container, item = f"IaasVMContainer;{name}", f"VM;{name}"
    client.protected_items.begin_create_or_update(VAULT, GROUP, "Azure", container, item, stop).wait()
    world.close()


if __name__ == "__main__":
    main(sys.argv[1])
