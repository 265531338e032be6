"""What api-versions show of a virtual machine, as recordings of 2021, 2022 and 2025 show it; the VMs are our own."""

import pytest

from tests.sandbox.lab import Lab

AFTER = ["osProfile", "networkProfile", "diagnosticsProfile"]


@pytest.mark.parametrize(
    ("version", "properties", "disk", "linux"),
    [
        (
            "2020-12-01",
            ["vmId", "hardwareProfile", "storageProfile", *AFTER, "provisioningState"],
            ["managedDisk", "diskSizeGB"],
            ["disablePasswordAuthentication", "provisionVMAgent", "patchSettings"],
        ),
        (
            "2022-03-01",
            ["vmId", "hardwareProfile", "storageProfile", *AFTER, "provisioningState", "timeCreated"],
            ["managedDisk", "deleteOption", "diskSizeGB"],
            ["disablePasswordAuthentication", "provisionVMAgent", "patchSettings", "enableVMAgentPlatformUpdates"],
        ),
        (
            "2024-11-01",
            ["hardwareProfile", "provisioningState", "vmId", "storageProfile", *AFTER, "timeCreated"],
            ["managedDisk", "deleteOption", "diskSizeGB"],
            ["disablePasswordAuthentication", "provisionVMAgent", "patchSettings", "enableVMAgentPlatformUpdates"],
        ),
    ],
)
def test_each_version_has_its_form(version: str, properties: list[str], disk: list[str], linux: list[str]) -> None:
    lab = Lab()
    vm = lab.vm("vm1", tags={"a": "b"})
    body = lab.ok("GET", vm, version=version)
    etag = ["etag"] if version >= "2024" else []
    assert list(body) == ["name", "id", "type", "location", "tags", "properties", *etag]
    found = body["properties"]
    assert list(found) == properties
    assert list(found["storageProfile"]["osDisk"])[-len(disk) :] == disk
    assert list(found["osProfile"]["linuxConfiguration"]) == linux
    assessed = "assessmentMode" in found["osProfile"]["linuxConfiguration"]["patchSettings"]
    assert (assessed, found["osProfile"]["requireGuestProvisionSignal"]) == (version > "2021", True)
    listed = lab.ok("GET", f"{vm.rsplit('/', 1)[0]}", version=version)["value"]
    assert listed == [body]


def test_lists_only_name_the_extensions() -> None:
    """The whole of an extension is in the answer to a GET; so a reader of lists does not know its type."""
    lab = Lab()
    extension = {"name": "mde", "publisher": "Contoso", "type": "Defender", "version": "1.0"}
    vm = lab.vm("vm1", extensions=[extension])
    listed = lab.ok("GET", vm.rsplit("/", 1)[0])["value"][0]["resources"]
    assert listed == [{"id": f"{vm}/extensions/mde"}]
    assert lab.ok("GET", vm)["resources"][0]["properties"]["type"] == "Defender"


def test_a_vm_without_extensions_has_none_in_its_view() -> None:
    lab = Lab()
    view = lab.ok("GET", f"{lab.vm('vm1')}/instanceView")
    assert "extensions" not in view
    assert view["vmAgent"]["extensionHandlers"] == []


def test_a_change_gives_a_vm_another_etag() -> None:
    lab = Lab()
    vm = lab.vm("vm1")
    before = lab.ok("GET", vm)["etag"]
    changed = lab.ok("PATCH", vm, {"tags": {"a": "b"}})
    assert list(changed) == ["name", "id", "type", "location", "tags", "properties", "etag"]
    assert (before, changed["etag"]) == ('"1"', '"2"')


def test_the_extensions_of_a_vm_are_read_alone_too() -> None:
    lab = Lab()
    extension = {"name": "mde", "publisher": "Contoso", "type": "Defender", "version": "1.0", "message": "well"}
    vm = lab.vm("vm1", extensions=[extension])
    whole = lab.ok("GET", vm)["resources"]
    assert lab.ok("GET", f"{vm}/extensions") == {"value": whole}
    assert lab.ok("GET", f"{vm}/extensions/MDE") == whole[0]
    view = lab.ok("GET", f"{vm}/extensions/mde?$expand=instanceView")["properties"]["instanceView"]
    assert view == lab.ok("GET", f"{vm}/instanceView")["extensions"][0]
    missing = lab.send("GET", f"{vm}/extensions/none").json()["error"]
    assert missing["code"] == "ResourceNotFound"
    assert "'Microsoft.Compute/virtualMachines/vm1/extensions/none'" in missing["message"]


@pytest.mark.parametrize(("status", "ended"), [("ready", "Succeeded"), ("notReady", "Failed"), ("missing", "Failed")])
def test_a_run_command_needs_an_agent_that_answers(status: str, ended: str) -> None:
    lab = Lab()
    command = f"{lab.vm('vm1', agent={'status': status})}/runCommands/one"
    sent = {"location": "westeurope", "properties": {"source": {"script": "true"}}}
    assert lab.send("PUT", command, sent).status == 201
    lab.world.advance(60)
    assert lab.ok("GET", command)["properties"]["provisioningState"] == ended
