"""One VM in one subnet, with everything around it that preflight looks at, each piece easily replaced."""

from __future__ import annotations

from typing import Any

from reconciler.core.desired import Egress, Spec
from reconciler.core.plan import Finding, Plan, Step
from reconciler.core.readiness import MachineReadiness, Readiness
from reconciler.preflight import preflight
from tests.network.bodies import PREFIX, asg_id, group_body
from tests.support.desired import SUBSCRIPTION, WEB, a_policy, a_spec, an_enhanced, an_estate, protect
from tests.support.fake_survey import FakeSurvey
from tests.support.wire import Body

NETWORKS = PREFIX.replace("/subscriptions/s/", f"/subscriptions/{SUBSCRIPTION}/")
NIC, NETWORK, TABLE = (
    f"{NETWORKS}/{name}" for name in ("networkInterfaces/nic", "virtualNetworks/net", "routeTables/rt")
)
SUBNET = f"{NETWORK}/subnets/app"
OS_DISK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-app/providers/Microsoft.Compute/disks/os"
NO_STEPS = Plan((), (), "sha256:spec")


def a_machine_body(**properties: Any) -> Body:
    """A VM with one managed disk, provisioned, of two processors."""
    known: Body = {
        "provisioningState": "Succeeded",
        "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
        "storageProfile": {"osDisk": {"name": "os", "managedDisk": {"id": OS_DISK}, "diskSizeGB": 30}, "dataDisks": []},
        "networkProfile": {"networkInterfaces": [{"id": NIC}]},
    }
    return {"id": WEB.id, "name": WEB.name, "location": "westeurope", "properties": known | properties}


def data_disk(lun: int = 0, **more: Any) -> Body:
    return {"lun": lun, "name": f"data{lun}", "managedDisk": {"id": f"{OS_DISK}-{lun}"}, "diskSizeGB": 128, **more}


def with_disks(*data: Body, **os: Any) -> Body:
    disk = {"name": "os", "managedDisk": {"id": OS_DISK}, "diskSizeGB": 30, **os}
    return {"storageProfile": {"osDisk": disk, "dataDisks": list(data)}}


def disk_body(disk_id: str, sku: str = "Premium_LRS", **properties: Any) -> Body:
    return {"id": disk_id, "name": disk_id.rsplit("/", 1)[1], "sku": {"name": sku}, "properties": properties}


def an_estate_with(*groups: Body, machine: Body | None = None, routes: tuple[Body, ...] = ()) -> FakeSurvey:
    """The first group is the interface's, the second the subnet's; without groups nothing is filtered."""
    survey = an_estate()
    survey.vm_bodies[WEB.key] = machine or a_machine_body()
    interface, subnet = (*groups, None, None)[:2]
    survey.add_resource(_interface(interface))
    survey.add_resource(_network(subnet, bool(routes)))
    for group in groups:
        if group["id"]:
            survey.add_resource(group)
    survey.add_resource({"id": TABLE, "name": "rt", "properties": {"routes": list(routes)}})
    return survey


NO_GROUP: Body = {"id": ""}


def a_group(name: str, *lines: str) -> Body:
    """A security group of `tests/network/bodies.py` in the subscription of the estate."""
    body = group_body(name, list(lines))
    return {**body, "id": f"{NETWORKS}/networkSecurityGroups/{name}"}


def route(prefix: str, hop: str, address: str = "") -> Body:
    properties = {"addressPrefix": prefix, "nextHopType": hop, "nextHopIpAddress": address}
    return {"name": f"to-{hop}", "properties": properties}


def a_lock(scope: str, level: str = "ReadOnly") -> Body:
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/locks/hold",
        "name": "hold",
        "properties": {"level": level},
    }


def _interface(group: Body | None) -> Body:
    configuration = {
        "properties": {
            "primary": True,
            "privateIPAddress": "10.0.1.4",
            "subnet": {"id": SUBNET},
            "applicationSecurityGroups": [{"id": asg_id("asg:web")}],
        }
    }
    properties: Body = {"ipConfigurations": [configuration]}
    if group and group["id"]:
        properties["networkSecurityGroup"] = {"id": group["id"]}
    return {"id": NIC, "name": "nic", "properties": properties}


def _network(group: Body | None, routed: bool) -> Body:
    properties: Body = {"addressPrefix": "10.0.1.0/24"}
    if group and group["id"]:
        properties["networkSecurityGroup"] = {"id": group["id"]}
    if routed:
        properties["routeTable"] = {"id": TABLE}
    subnet = {"id": SUBNET.upper(), "name": "app", "properties": properties}
    return {
        "id": NETWORK,
        "name": "net",
        "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [subnet]},
    }


def checked(
    survey: FakeSurvey, spec: Spec | None = None, *steps: Step, findings: tuple[Finding, ...] = ()
) -> Readiness:
    return preflight(spec or a_spec(protect()), survey, Plan(steps, findings, "sha256:spec"))


def the_vm(readiness: Readiness) -> MachineReadiness:
    (machine,) = readiness.machines
    return machine


def codes(machine: MachineReadiness) -> set[str]:
    return {finding.code for finding in machine.findings}


def enhanced_spec(egress: str = "", *egresses: Egress, **wanted: Any) -> Spec:
    return a_spec(protect(policy="hourly", egress=egress, **wanted), policies=(an_enhanced(),), egresses=egresses)


def standard_spec(egress: str = "", *egresses: Egress, **wanted: Any) -> Spec:
    return a_spec(protect(egress=egress, **wanted), policies=(a_policy(),), egresses=egresses)
