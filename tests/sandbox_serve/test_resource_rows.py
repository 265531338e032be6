"""Rows that other people's clients need: tags, locks, lists of everything, providers, machines, run commands."""

from typing import Any

import pytest

from reconciler.sandbox.app import TABLE
from reconciler.sandbox.rows.virtual_machines import vm_row
from tests.sandbox_serve.asking import GROUP, NETWORK, SUBSCRIPTION, Asker

VM = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm-1"
VAULT = f"{GROUP}/providers/Microsoft.RecoveryServices/vaults/v"
MACHINE = {
    "location": "westeurope",
    "tags": {"backup": "daily"},
    "properties": {
        "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
        "storageProfile": {"osDisk": {"osType": "Windows"}, "dataDisks": [{"lun": 0, "diskSizeGB": 64}]},
        "networkProfile": {"networkInterfaces": [{"id": f"{NETWORK}/networkInterfaces/nic-1"}]},
    },
}


@pytest.fixture
def asker() -> Asker:
    made = Asker()
    made.put(VM, MACHINE)
    made.put(VAULT, {"location": "westeurope", "sku": {"name": "Standard"}})
    return made


def power(asker: Asker) -> str:
    return str(asker.get(f"{VM}/instanceView")["statuses"][1]["code"])


def test_a_machine_is_made_changed_stopped_and_removed(asker: Asker) -> None:
    body = asker.get(VM)
    assert body["properties"]["provisioningState"] == "Succeeded"
    assert body["properties"]["storageProfile"]["osDisk"]["osType"] == "Windows"
    assert body["properties"]["storageProfile"]["dataDisks"][0]["diskSizeGB"] == 64
    assert power(asker) == "PowerState/running"
    assert asker.ask("POST", f"{VM}/deallocate").status == 202
    asker.world.advance(60)
    assert power(asker) == "PowerState/deallocated"
    changed = asker.ask("PATCH", VM, {"tags": {"backup": "none"}})
    assert (changed.status, changed.json()["tags"]) == (200, {"backup": "none"})
    assert asker.get(VM)["properties"]["hardwareProfile"] == {"vmSize": "Standard_D2s_v5"}
    assert asker.ask("DELETE", VM).status == 202
    asker.world.advance(60)
    assert asker.refused("GET", VM) == (404, "ResourceNotFound")


def test_a_compute_operation_tells_its_times(asker: Asker) -> None:
    sent = asker.ask("POST", f"{VM}/start")
    path = sent.headers["Azure-AsyncOperation"].removeprefix("https://management.azure.com").partition("?")[0]
    assert asker.get(path)["status"] == "InProgress"
    asker.world.advance(60)
    ended = asker.get(path)
    assert ended["status"] == "Succeeded"
    assert ended["startTime"] < ended["endTime"]


def test_a_storage_account_lives_and_its_name_is_taken_everywhere(asker: Asker) -> None:
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stdisks"
    body = {"location": "West Europe", "sku": {"name": "Standard_GRS"}, "kind": "Storage"}
    made = asker.ask("PUT", account, body).json()
    assert (made["location"], made["sku"]) == ("westeurope", {"name": "Standard_GRS", "tier": "Standard"})
    assert made["properties"]["encryption"]["services"]["blob"]["enabled"] is True
    assert made["properties"]["primaryEndpoints"]["blob"] == "https://stdisks.blob.core.windows.net/"
    for scope in (SUBSCRIPTION, GROUP):
        assert asker.get(f"{scope}/providers/Microsoft.Storage/storageAccounts") == {"value": [made]}
    assert asker.ask("PUT", account, body | {"kind": "StorageV2"}).status == 200
    asker.put(f"{GROUP}-2", {"location": "westeurope"})
    other = account.replace(GROUP, f"{GROUP}-2")
    assert asker.refused("PUT", other, body) == (409, "StorageAccountAlreadyTaken")
    assert asker.refused("PUT", account.replace("stdisks", "st-disks"), body) == (400, "AccountNameInvalid")
    assert asker.refused("PUT", account, {"location": "westeurope", "sku": "x"}) == (400, "InvalidRequestFormat")
    assert asker.refused("PUT", account, {}) == (400, "LocationRequired")
    assert [asker.ask("DELETE", account).status for _ in range(2)] == [200, 204]
    assert asker.refused("GET", account) == (404, "ResourceNotFound")


def test_an_unmanaged_disk_of_a_new_machine_is_kept(asker: Asker) -> None:
    vhd = {"uri": "https://stdisks.blob.core.windows.net/vhds/os.vhd"}
    storage = {"storageProfile": {"osDisk": {"osType": "Linux", "name": "os", "vhd": vhd}}}
    properties: dict[str, Any] = {**MACHINE["properties"], **storage}  # type: ignore[dict-item]
    asker.put(VM.replace("vm-1", "vm-3"), {**MACHINE, "properties": properties})
    disk = asker.get(VM.replace("vm-1", "vm-3"))["properties"]["storageProfile"]["osDisk"]
    assert (disk["vhd"], "managedDisk" in disk) == (vhd, False)


def test_a_machine_without_an_interface_is_refused(asker: Asker) -> None:
    body = {"location": "westeurope", "properties": {"hardwareProfile": {"vmSize": "Standard_D2s_v5"}}}
    assert asker.refused("PUT", VM.replace("vm-1", "vm-2"), body) == (400, "InvalidParameter")


def test_an_interface_names_its_machine_until_that_is_gone(asker: Asker) -> None:
    subnet = {"name": "app", "properties": {"addressPrefix": "10.0.1.0/24"}}
    network, nic = f"{NETWORK}/virtualNetworks/vnet", f"{NETWORK}/networkInterfaces/nic-2"
    asker.put(network, {"location": "westeurope", "properties": {"subnets": [subnet]}})
    configuration = {"name": "one", "properties": {"subnet": {"id": f"{network}/subnets/app"}}}
    asker.put(nic, {"location": "westeurope", "properties": {"ipConfigurations": [configuration]}})
    machine = VM.replace("vm-1", "vm-2")
    profile = {"networkProfile": {"networkInterfaces": [{"id": nic}]}}
    asker.put(machine, {**MACHINE, "properties": {**MACHINE["properties"], **profile}})  # type: ignore[dict-item]
    assert asker.get(nic)["properties"]["virtualMachine"] == {"id": machine}
    assert asker.ask("DELETE", nic).status == 400
    asker.ask("DELETE", machine)
    asker.world.advance(60)
    assert "virtualMachine" not in asker.get(nic)["properties"]


def test_a_managed_run_command_runs_and_shows_its_view_when_asked(asker: Asker) -> None:
    command = f"{VM}/runCommands/azbackup-check"
    asker.world.set_fact("guestOutput", {"azbackup-check": '{"changed":false}'})
    sent = asker.ask("PUT", command, {"location": "westeurope", "properties": {"source": {"script": "true"}}})
    assert (sent.status, sent.json()["properties"]["provisioningState"]) == (201, "Creating")
    asker.world.advance(60)
    assert "instanceView" not in asker.get(command)["properties"]
    view = asker.get(f"{command}?$expand=instanceView")["properties"]["instanceView"]
    assert (view["executionState"], view["exitCode"], view["output"]) == ("Succeeded", 0, '{"changed":false}')
    assert [each["name"] for each in asker.get(f"{VM}/runCommands")["value"]] == ["azbackup-check"]
    asker.ask("DELETE", command)
    asker.world.advance(60)
    assert asker.ask("GET", command).status == 404


def test_no_script_runs_on_a_machine_that_is_off(asker: Asker) -> None:
    asker.ask("POST", f"{VM}/deallocate")
    asker.world.advance(60)
    body = {"location": "westeurope", "properties": {"source": {"script": "true"}}}
    assert asker.refused("PUT", f"{VM}/runCommands/one", body) == (409, "OperationNotAllowed")


@pytest.mark.parametrize(
    ("os", "expected"),
    [
        ("Linux", [("ProvisioningState/succeeded", "Enable succeeded: \n[stdout]\nup\n[stderr]\n")]),
        ("Windows", [("ComponentStatus/StdOut/succeeded", "up"), ("ComponentStatus/StdErr/succeeded", "")]),
    ],
)
def test_a_script_that_runs_once(asker: Asker, os: str, expected: list[tuple[str, str]]) -> None:
    """What az's `vm run-command invoke` sends: the output is the result behind the Location."""
    asker.world.set_fact("guestOutput", {"RunScript": "up"})
    described = {"name": "once", "location": "westeurope", "os": os}
    asker.world.put(vm_row(SUBSCRIPTION.split("/")[2], "rg-net", described, asker.world.now()))
    once = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/once"
    sent = asker.ask("POST", f"{once}/runCommand", {"commandId": "RunScript", "script": ["uptime"]})
    result = sent.headers["Location"].removeprefix("https://management.azure.com").partition("&")[0]
    assert (sent.status, asker.ask("GET", result).status) == (202, 202)
    asker.world.advance(60)
    found = asker.get(result)["value"]
    assert [(each["code"], each["message"]) for each in found] == expected
    assert list(found[0]) == ["code", "level", "displayStatus", "message"]
    assert asker.refused("POST", f"{once}/runCommand", {}) == (400, "InvalidParameter")
    asker.ask("POST", f"{once}/deallocate")
    asker.world.advance(60)
    assert asker.refused("POST", f"{once}/runCommand", {"commandId": "x"}) == (409, "OperationNotAllowed")


def test_disks(asker: Asker) -> None:
    disk = f"{GROUP}/providers/Microsoft.Compute/disks/data-1"
    sent = asker.ask("PUT", disk, {"location": "westeurope", "properties": {"diskSizeGB": 64}})
    result = sent.headers["Location"].removeprefix("https://management.azure.com").partition("&")[0]
    assert result.endswith("?monitor=true")
    assert (sent.status, asker.ask("GET", result).status) == (202, 202)
    asker.world.advance(10)
    assert asker.get(result) == asker.get(disk)  # where az reads it
    assert asker.get(disk)["properties"]["provisioningState"] == "Succeeded"
    assert asker.get(disk)["properties"]["diskSizeBytes"] == 64 * 2**30
    assert len(asker.get(f"{SUBSCRIPTION}/providers/Microsoft.Compute/disks")["value"]) == 1
    assert asker.ask("DELETE", disk).status == 202
    asker.world.advance(10)
    assert asker.ask("GET", disk).status == 404


@pytest.mark.parametrize("owner", [SUBSCRIPTION, GROUP, VM, VAULT])
def test_tags_of_anything(asker: Asker, owner: str) -> None:
    path = f"{owner}/providers/Microsoft.Resources/tags/default"
    asker.ask("PUT", path, {"properties": {"tags": {"a": "1", "b": "2"}}})

    def patched(operation: str, tags: dict[str, str]) -> Any:
        answer = asker.ask("PATCH", path, {"operation": operation, "properties": {"tags": tags}})
        return answer.json()["properties"]["tags"]

    assert patched("Merge", {"B": "3", "c": "4"}) == {"a": "1", "B": "3", "c": "4"}
    assert patched("Delete", {"a": "1", "c": "another"}) == {"B": "3", "c": "4"}
    assert patched("Replace", {"z": "9"}) == {"z": "9"}
    assert asker.get(path)["properties"]["tags"] == {"z": "9"}
    if owner in (GROUP, VM, VAULT):
        assert asker.get(owner)["tags"] == {"z": "9"}
    assert asker.ask("DELETE", path).status == 200
    assert asker.get(path)["properties"]["tags"] == {}


@pytest.mark.parametrize(
    ("owner", "level", "method", "path", "refused"),
    [
        (GROUP, "CanNotDelete", "DELETE", VAULT, True),
        (GROUP, "CanNotDelete", "DELETE", GROUP, True),
        (VAULT, "CanNotDelete", "DELETE", GROUP, True),
        (VAULT, "CanNotDelete", "DELETE", VM, False),
        (GROUP, "CanNotDelete", "PATCH", VM, False),
        (GROUP, "ReadOnly", "PATCH", VM, True),
        (SUBSCRIPTION, "ReadOnly", "PATCH", VM, True),
        (VM, "ReadOnly", "PATCH", VM, True),
        (VM, "ReadOnly", "GET", VM, False),
        (VM, "ReadOnly", "DELETE", VAULT, False),
    ],
)
def test_a_lock_holds_what_it_covers(
    asker: Asker, owner: str, level: str, method: str, path: str, refused: bool
) -> None:
    lock = f"{owner}/providers/Microsoft.Authorization/locks/keep"
    asker.put(lock, {"properties": {"level": level}})
    body = {"tags": {"x": "y"}} if method == "PATCH" else None
    answer = asker.ask(method, path, body, version="2026-07-01")
    if refused:
        assert (answer.status, answer.json()["error"]["code"]) == (409, "ScopeLocked")
        assert asker.ask("DELETE", lock).status == 200
        assert asker.ask(method, path, body, version="2026-07-01").status in (200, 202)
    else:
        assert answer.status in (200, 202)


def test_locks_are_listed_at_their_scope_and_below(asker: Asker) -> None:
    for owner in (GROUP, VM):
        asker.put(f"{owner}/providers/Microsoft.Authorization/locks/keep", {"properties": {"level": "CanNotDelete"}})
    locks = "providers/Microsoft.Authorization/locks"
    assert len(asker.get(f"{SUBSCRIPTION}/{locks}")["value"]) == 2
    assert len(asker.get(f"{GROUP}/{locks}?$filter=atScope()")["value"]) == 1
    assert asker.get(f"{VM}/{locks}/KEEP")["properties"] == {"level": "CanNotDelete"}
    assert asker.refused("GET", f"{VM}/{locks}/none") == (404, "LockNotFound")
    assert asker.refused("PUT", f"{VM}/{locks}/one", {"properties": {"level": "Soft"}})[0] == 400


def test_a_scope_sent_as_one_segment_is_taken(asker: Asker) -> None:
    scope = GROUP.removeprefix("/").replace("/", "%2F")
    assert asker.ask("GET", f"/{scope}/providers/Microsoft.Authorization/locks").status == 200


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["vm-1", "v"]),
        ("?$filter=resourceType eq 'Microsoft.Compute/virtualMachines'", ["vm-1"]),
        ("?$filter=tagName eq 'backup' and tagValue eq 'daily'", ["vm-1"]),
        ("?$filter=tagName eq 'backup' and tagValue eq 'weekly'", []),
        ("?$filter=name eq 'V'", ["v"]),
    ],
)
@pytest.mark.parametrize("owner", [SUBSCRIPTION, GROUP])
def test_lists_of_everything(asker: Asker, owner: str, query: str, names: list[str]) -> None:
    target = f"{owner}/resources{query}".replace(" ", "%20")
    assert [each["name"] for each in asker.get(target)["value"]] == names


def test_a_filter_that_is_not_known_is_refused(asker: Asker) -> None:
    target = f"{SUBSCRIPTION}/resources?$filter=plan%20eq%20'x'"
    assert asker.refused("GET", target) == (400, "InvalidFilterInQueryString")


def test_providers_locations_and_tenants(asker: Asker) -> None:
    found = asker.get(f"{SUBSCRIPTION}/providers/microsoft.recoveryservices")
    assert found["registrationState"] == "Registered"
    assert "vaults" in [each["resourceType"] for each in found["resourceTypes"]]
    assert asker.ask("POST", f"{SUBSCRIPTION}/providers/Microsoft.Network/register").status == 200
    assert asker.refused("GET", f"{SUBSCRIPTION}/providers/Contoso.Toys") == (404, "InvalidResourceNamespace")
    assert "westeurope" in [each["name"] for each in asker.get(f"{SUBSCRIPTION}/locations")["value"]]
    assert len(asker.get("/tenants")["value"]) == 1


def test_every_resource_type_that_is_named_has_rows() -> None:
    from reconciler.sandbox.rows.subscriptions import _PROVIDERS

    paths = {route.path.lower() for route in TABLE.routes}
    for namespace, types in _PROVIDERS.items():
        for each in types:
            head, *rest = each.lower().split("/")
            assert any(f"{namespace.lower()}/{head}" in path or f"/{head}" in path for path in paths), each
            assert all(any(f"/{part}" in path for path in paths) for part in rest), each


def test_replication_settings_are_there_on_every_vault(asker: Asker) -> None:
    path = f"{VAULT}/replicationVaultSettings"
    assert asker.get(f"{path}/default")["properties"]["vmwareToAzureProviderType"] == "Legacy"
    asker.put(f"{path}/default", {"properties": {"vmwareToAzureProviderType": "InMageRcm"}})
    assert asker.get(path)["value"][0]["properties"]["vmwareToAzureProviderType"] == "InMageRcm"
    assert asker.ask("GET", f"{path}/other").status == 404


def test_groups_are_found_by_a_tag_and_stay_where_they_are(asker: Asker) -> None:
    asker.put(f"{SUBSCRIPTION}/resourceGroups/rg-tagged", {"location": "West Europe", "tags": {"Owner": "me"}})
    for clause, names in (("tagvalue eq 'me'", ["rg-tagged"]), ("tagvalue eq 'you'", [])):
        found = asker.get(
            f"{SUBSCRIPTION}/resourceGroups?$filter=tagname%20eq%20'owner'%20and%20{clause.replace(' ', '%20')}"
        )
        assert [group["name"] for group in found["value"]] == names
    assert asker.refused("GET", f"{SUBSCRIPTION}/resourceGroups?$filter=name%20eq%20'x'")[0] == 400
    assert asker.put(GROUP, {"location": "West Europe"})["location"] == "westeurope"
    assert asker.refused("PUT", GROUP, {"location": "northeurope"}) == (409, "InvalidResourceGroupLocation")
