"""Rows about a subscription that other people's clients ask for: tenants, regions, resource providers."""

from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.rows.virtual_machines import TYPE as VM
from reconciler.sandbox.table import SUBSCRIPTION, Route
from reconciler.sandbox.wire import GATEWAY, Refusal, Response, reply

TENANT = "00000000-0000-4000-8000-00000000000a"
_REGIONS = (
    ("westeurope", "West Europe", "Europe", "northeurope"),
    ("northeurope", "North Europe", "Europe", "westeurope"),
    ("spaincentral", "Spain Central", "Europe", ""),
    ("francecentral", "France Central", "Europe", "francesouth"),
    ("germanywestcentral", "Germany West Central", "Europe", "germanynorth"),
    ("uksouth", "UK South", "Europe", "ukwest"),
    ("eastus", "East US", "US", "westus"),
    ("eastus2", "East US 2", "US", "centralus"),
    ("westus2", "West US 2", "US", "westcentralus"),
    ("centralus", "Central US", "US", "eastus2"),
    ("eastasia", "East Asia", "Asia Pacific", "southeastasia"),
    ("southeastasia", "Southeast Asia", "Asia Pacific", "eastasia"),
    ("australiaeast", "Australia East", "Asia Pacific", "australiasoutheast"),
)
_VERSIONS = ("2026-08-01", "2026-07-01", "2025-08-01", "2024-04-01", "2023-02-01", "2021-12-01")
_PROVIDERS = {
    "Microsoft.Compute": ("virtualMachines", "virtualMachines/runCommands", "disks"),
    "Microsoft.Network": (
        "networkSecurityGroups", "networkSecurityGroups/securityRules", "applicationSecurityGroups", "virtualNetworks",
        "virtualNetworks/subnets", "networkInterfaces", "publicIPAddresses", "routeTables", "azureFirewalls",
        "firewallPolicies",
    ),
    "Microsoft.RecoveryServices": ("vaults", "operations", "locations", "locations/backupStatus"),
    "Microsoft.Resources": ("subscriptions", "resourceGroups", "tags", "resources"),
    "Microsoft.Authorization": ("locks", "roleAssignments", "roleDefinitions"),
    "Microsoft.KeyVault": ("vaults",),
    "Microsoft.Storage": ("storageAccounts",),
    "Microsoft.ResourceGraph": ("resources",),
}  # fmt: skip
_GLOBAL = ("Microsoft.Resources", "Microsoft.Authorization", "Microsoft.ResourceGraph")


def tenants(call: Call) -> Response:
    body = {"id": f"/tenants/{TENANT}", "tenantId": TENANT, "tenantCategory": "Home", "displayName": "Sandbox"}
    return reply({"value": [body]})


def locations(call: Call) -> Response:
    return reply({"value": [_region(call, *region) for region in _REGIONS]})


def _region(call: Call, name: str, display: str, geography: str, pair: str) -> dict[str, Any]:
    root = f"/subscriptions/{call.names['subscription']}/locations"
    paired = [{"name": pair, "id": f"{root}/{pair}"}] if pair else []
    return {
        "id": f"{root}/{name}",
        "name": name,
        "type": "Region",
        "displayName": display,
        "regionalDisplayName": f"({geography}) {display}",
        "metadata": {
            "regionType": "Physical",
            "regionCategory": "Recommended",
            "geographyGroup": geography,
            "pairedRegion": paired,
        },
    }


def _provider(call: Call, namespace: str) -> dict[str, Any]:
    places = [] if namespace in _GLOBAL else [region[1] for region in _REGIONS]
    types = [
        {
            "resourceType": each,
            "locations": places,
            "apiVersions": list(_versions(namespace, each)),
            "capabilities": "None",
        }
        for each in _PROVIDERS[namespace]
    ]
    return {
        "id": f"/subscriptions/{call.names['subscription']}/providers/{namespace}",
        "namespace": namespace,
        "resourceTypes": types,
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
    }


def _versions(namespace: str, type: str) -> tuple[str, ...]:
    return ("2026-04-01", "2024-07-01", "2020-12-01") if f"{namespace}/{type}" == VM else _VERSIONS


def providers(call: Call) -> Response:
    return reply({"value": [_provider(call, namespace) for namespace in _PROVIDERS]})


def provider(call: Call) -> Response:
    for namespace in _PROVIDERS:
        if namespace.lower() == call.names["namespace"].lower():
            return reply(_provider(call, namespace))
    said = f"The resource namespace '{call.names['namespace']}' is invalid."
    raise Refusal(404, "InvalidResourceNamespace", said, GATEWAY)


_ONE = f"{SUBSCRIPTION}/providers/{{namespace}}"
ROUTES = (
    Route("GET", "/tenants", tenants, "SDK", counter="arm"),
    Route("GET", f"{SUBSCRIPTION}/locations", locations, "SDK", "a few regions", counter="arm"),
    Route("GET", f"{SUBSCRIPTION}/providers", providers, "SDK", "those that have rows here", counter="arm"),
    Route("GET", _ONE, provider, "SDK", "api-versions are a choice", counter="arm"),
    Route("POST", f"{_ONE}/register", provider, "SDK", "every one is registered", counter="arm"),
)
