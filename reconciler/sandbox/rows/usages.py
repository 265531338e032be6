"""Rows that count what is in a vault (published examples)."""

from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.rows.item_state import active
from reconciler.sandbox.table import VAULT, Route
from reconciler.sandbox.wire import Refusal, Response, reply
from reconciler.sandbox.world import Row

_ITEMS, _CONTAINERS = "BackupProtectedItemCountSummary", "BackupProtectionContainerCountSummary"


def _rows(call: Call, segment: str) -> list[Row]:
    return call.world.listed(f"{call.vault_key}/{segment}")


def _usage(value: str, localized: str, count: int, *, unit: str = "Count", **more: str) -> dict[str, Any]:
    name = {"value": value, "localizedValue": localized}
    return {"unit": unit, **more, "currentValue": count, "limit": -1, "name": name}


def summaries(call: Call) -> Response:
    """Items or containers by management type; there are only those of Azure VMs.

    Raises:
        Refusal: 400, `$filter` does not say which of the two.
    """
    wanted = call.filter.get("type", "").lower()
    kinds = {_ITEMS.lower(): "backupprotecteditems", _CONTAINERS.lower(): "backupprotectioncontainers"}
    if wanted not in kinds:
        raise Refusal(400, "BMSUserErrorInvalidInput", "Input provided for the call is invalid: $filter is required")
    count = len(_rows(call, kinds[wanted]))
    return reply({"value": [_usage("AzureIaasVM", "Azure Virtual Machine", count)]})


def vault_usages(call: Call) -> Response:
    items = [row.meta for row in _rows(call, "backupprotecteditems")]
    critical = sum(item["vmGone"] for item in items)
    jobs = [row.body["properties"]["status"] for row in _rows(call, "backupjobs")]
    geo = call.vault.meta["redundancy"] == "GeoRedundant"
    return reply(
        {
            "value": [
                _usage("MABContainersCount", "Backup management servers", 0),
                _usage("ProtectedItemCount", "Backup items/Azure virtual machine backup", len(items)),
                _usage("ProtectedItemCriticalCount", "Critical", critical),
                _usage("ProtectedItemWarningCount", "Warning", 0),
                _usage("IaaSVMProtectedItemCount", "Azure Virtual Machines", len(items)),
                _usage("IaaSVMProtectedItemCriticalCount", "Critical", critical),
                _usage("IaaSVMProtectedItemWarningCount", "Warning", 0),
                _usage("InProgressJobsCount", "In progress", jobs.count("InProgress"), quotaPeriod="P1D"),
                _usage("FailedJobsCount", "Failed", jobs.count("Failed"), quotaPeriod="P1D"),
                _usage("GRSStorageUsage" if geo else "LRSStorageUsage", "Cloud", 0, unit="Bytes"),
                _usage("ManagedInstances", "Protected Instances", sum(active(item) for item in items)),
            ]
        }
    )


def replication_usages(call: Call) -> Response:
    """Nothing is replicated by Site Recovery."""
    return reply({"value": []})


_SOURCE = "published examples"
ROUTES = (
    Route("GET", f"{VAULT}/backupUsageSummaries", summaries, _SOURCE, "one line: there are only Azure VMs"),
    Route("GET", f"{VAULT}/usages", vault_usages, _SOURCE, "storage is not counted", counter="arm"),
    Route("GET", f"{VAULT}/replicationUsages", replication_usages, _SOURCE, "always empty", counter="arm"),
)
