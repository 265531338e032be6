"""The part of a case's `live` that is about networks and guests.

Of a VM under `vms`: `view` (keywords of `instance_view`), `disks` and `nics` (see `vm_body`), `region`. Then `groups`: GROUP/NAME →
keywords of `group_body`, its rules as those of `rule_body`; `interfaces`: GROUP/NAME → address, subnet and group; `subnets`:
GROUP/NETWORK/NAME → its group or null; `firewalls`: GROUP/NAME → its properties, with `policy: GROUP/NAME`; `policies_of_firewalls`:
GROUP/NAME → its rule collection groups by name; `parents_of_policies`: GROUP/NAME → GROUP/NAME; `accounts`: GROUP/NAME → whether it is
encrypted; `commands`: GROUP/VM/NAME → script, parameters and state.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from importlib.resources import files
from typing import Any

from reconciler.core.ids import FIREWALL_TYPE, NSG_TYPE, STORAGE_ACCOUNT_TYPE, VM_TYPE
from tests.support.desired import SUBSCRIPTION
from tests.support.fake_survey import FakeSurvey
from tests.support.network import account_body, group_body, instance_view, interface_body, vm_body

_NETWORK = "Microsoft.Network"


def id_of(resource_type: str, text: str) -> str:
    """The id of GROUP/NAME, or of GROUP/PARENT/NAME for a type in two parts."""
    group, *names = text.split("/")
    provider, *types = resource_type.split("/")
    path = "/".join(f"{kind}/{name}" for kind, name in zip(types, names, strict=True))
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/{provider}/{path}"


def group_id(text: str) -> str:
    return id_of(NSG_TYPE, text)


def interface_id(text: str) -> str:
    return id_of(f"{_NETWORK}/networkInterfaces", text)


def add_network(survey: FakeSurvey, live: Mapping[str, Any]) -> None:
    live = deepcopy(dict(live))
    for text, facts in live.get("vms", {}).items():
        _add_vm(survey, text, facts or {})
    for text, facts in live.get("groups", {}).items():
        survey.add_resource(group_body(group_id(text), *facts.pop("rules", ()), **facts))
    for text, facts in live.get("interfaces", {}).items():
        subnet = id_of(f"{_NETWORK}/virtualNetworks/subnets", facts["subnet"])
        group = group_id(facts["group"]) if "group" in facts else ""
        survey.add_resource(interface_body(interface_id(text), facts["address"], subnet, group))
    for text, group in live.get("subnets", {}).items():
        properties = {"networkSecurityGroup": {"id": group_id(group)}} if group else {}
        subnet = id_of(f"{_NETWORK}/virtualNetworks/subnets", text)
        survey.add_resource({"id": subnet, "properties": properties})
    _add_firewalls(survey, live)
    for text, encrypted in live.get("accounts", {}).items():
        survey.add_resource(account_body(id_of(STORAGE_ACCOUNT_TYPE, text), encrypted=encrypted))
    for text, facts in live.get("commands", {}).items():
        survey.add_resource(_command(text, **facts))


def _add_vm(survey: FakeSurvey, text: str, facts: Mapping[str, Any]) -> None:
    vm_id = id_of(VM_TYPE, text)
    if "view" in facts:
        survey.views[vm_id.lower()] = instance_view(**facts["view"])
    nics = [interface_id(nic) for nic in facts.get("nics", ())]
    body = vm_body(vm_id, *nics, disks=facts.get("disks", "managed"))
    survey.vm_bodies[vm_id.lower()] = body | ({"location": facts["region"]} if "region" in facts else {})


def _add_firewalls(survey: FakeSurvey, live: Mapping[str, Any]) -> None:
    for text, properties in live.get("firewalls", {}).items():
        if "policy" in properties:
            properties["firewallPolicy"] = {"id": id_of(f"{_NETWORK}/firewallPolicies", properties.pop("policy"))}
        firewall = {"id": id_of(FIREWALL_TYPE, text), "location": "westeurope", "etag": "e1", "properties": properties}
        survey.add_resource(firewall)
    for text, groups in live.get("policies_of_firewalls", {}).items():
        policy_id = id_of(f"{_NETWORK}/firewallPolicies", text)
        made = [
            {"id": f"{policy_id}/ruleCollectionGroups/{name}", "name": name, "properties": properties}
            for name, properties in groups.items()
        ]
        known: dict[str, Any] = {"ruleCollectionGroups": [{"id": each["id"]} for each in made]}
        if parent := live.get("parents_of_policies", {}).get(text):
            known["basePolicy"] = {"id": id_of(f"{_NETWORK}/firewallPolicies", parent)}
        survey.add_resource({"id": policy_id, "properties": known})
        for group in made:
            survey.add_resource(group)


def _command(
    text: str, script: str, parameters: Mapping[str, str] | None = None, state: str = "Succeeded", outcome: str = ""
) -> dict[str, Any]:
    shipped = files("reconciler") / "guest" / script
    source = shipped.read_text("utf-8") if shipped.is_file() else script
    properties: dict[str, Any] = {
        "source": {"script": source},
        "parameters": [{"name": name, "value": str(value)} for name, value in (parameters or {}).items()],
        "provisioningState": state,
    }
    if outcome:
        properties["instanceView"] = {"executionState": outcome}
    command = id_of(f"{VM_TYPE}/runCommands", text)
    return {"id": command, "name": text.rsplit("/", 1)[1], "properties": properties}
