"""Which accounts unmanaged disks lie in, and what is read for it."""

from __future__ import annotations

import pytest

from reconciler.core.errors import Problem, Unreadable
from reconciler.core.ids import STORAGE_ACCOUNT_TYPE, arm_id
from reconciler.core.storage_accounts import disks_among
from tests.support.network import account_body
from tests.support.wire import Body

VMS = [arm_id(subscription, "rg", "Microsoft.Compute/virtualMachines", "vm") for subscription in ("s1", "s2")]


class Lists:
    """Lists of accounts by subscription; a number is the status with which a list fails."""

    def __init__(self, **accounts: dict[str, bool] | int) -> None:
        self._accounts, self.asked = accounts, list[str]()

    def resources(self, subscription: str, resource_type: str) -> list[Body]:
        self.asked.append(f"{subscription} {resource_type}")
        found = self._accounts.get(subscription, {})
        if isinstance(found, int):
            raise Unreadable(Problem("Z", subscription, "failed", "why", "what"), status=found)
        ids = {arm_id(subscription, "rg", STORAGE_ACCOUNT_TYPE, name): flag for name, flag in found.items()}
        return [account_body(account, encrypted=flag) for account, flag in ids.items()]


def machine(*uris: str, vm: str = VMS[0]) -> Body:
    data = [{"vhd": {"uri": uri}} for uri in uris]
    return {"id": vm, "properties": {"storageProfile": {"osDisk": {"managedDisk": {"id": "x"}}, "dataDisks": data}}}


@pytest.mark.parametrize(
    ("uri", "unencrypted", "unseen"),
    [
        ("https://safe.blob.core.windows.net/vhds/a.vhd", False, ""),
        ("https://SAFE.blob.core.chinacloudapi.cn:443/vhds/a.vhd", False, ""),
        ("https://safe.z42.blob.storage.azure.net/vhds/a.vhd", False, ""),
        ("https://plain.blob.core.windows.net/vhds/a.vhd", True, ""),
        ("https://other.blob.core.windows.net/vhds/a.vhd", True, "other"),
        ("https://safe.example.com/vhds/a.vhd", True, "safe.example.com"),
        ("http://[/a.vhd", True, "http://[/a.vhd"),
    ],
)
def test_the_host_of_a_disk_names_its_account(uri: str, unencrypted: bool, unseen: str) -> None:
    disks = disks_among([machine(uri)], Lists(s1={"safe": True, "plain": False}))
    assert disks.kinds == {"managed", "unmanaged"} | ({"unencrypted"} if unencrypted else set())
    assert [text.partition(": ")[0] for text in disks.unseen] == ([unseen] if unseen else [])


def test_one_list_a_subscription_and_none_without_unmanaged_disks() -> None:
    lists = Lists(s1={"safe": True}, s2=403)
    assert disks_among([machine(), {"id": "nonsense"}], lists).unseen == ()
    assert lists.asked == []
    uri = "https://safe.blob.core.windows.net/vhds/a.vhd"
    disks = disks_among([machine(uri), machine(uri, uri), machine(uri, uri.replace("safe", "also"), vm=VMS[1])], lists)
    assert disks.unseen == ("also, safe: the storage accounts of subscription s2 may not be listed",)
    assert lists.asked == [f"s1 {STORAGE_ACCOUNT_TYPE}", f"s2 {STORAGE_ACCOUNT_TYPE}"]


def test_a_list_that_failed_for_now_is_no_reason_to_open_a_port() -> None:
    with pytest.raises(Unreadable):
        disks_among([machine("https://safe.blob.core.windows.net/a.vhd")], Lists(s1=503))
