"""What Azure's error codes mean and what to do about them (backup-rules section F, wire-facts sections 1.3 to 6)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """`passing`: the same request may well succeed in a while."""

    why: str
    remedy: str
    passing: bool = False


_BUSY = "wait until it has ended; azbackup waits and tries again by itself"
_LATER = "nothing to do now: run the same command again in a few minutes"
_PERMISSIONS = "give the identity the role that the message names, and mind that a new role takes minutes to hold"
_VAULT_API = "write the setting through the vault itself; plan again, azbackup then finds out who owns it"

REFUSALS: dict[str, Refusal] = {
    # Rights and registration
    "AuthorizationFailed": Refusal("the signed-in identity lacks a permission", _PERMISSIONS),
    "LinkedAuthorizationFailed": Refusal(
        "the signed-in identity lacks a permission on a linked resource", _PERMISSIONS
    ),
    "RequestDisallowedByPolicy": Refusal(
        "an Azure Policy of the subscription forbids it",
        "ask its owner for an exemption, or change the spec to obey it",
    ),
    "UserErrorRequestDisallowedByPolicy": Refusal(
        "an Azure Policy forbids the resource group or the snapshots that the backup needs",
        "let the policy modify instead of deny, or name a snapshot resource group that obeys it",
    ),
    "ScopeLocked": Refusal("a lock forbids changes there", "remove the lock, or leave the resource as it is"),
    "MissingSubscriptionRegistration": Refusal(
        "the subscription has not registered the resource provider; azbackup does not do that by itself",
        "az provider register --namespace Microsoft.RecoveryServices",
    ),
    "SubscriptionNotFound": Refusal(
        "there is no such subscription, or the signed-in identity can't see it",
        "compare the id with `az account list`; sign in to the right tenant with `az login --tenant`",
    ),
    "InvalidAuthenticationTokenTenant": Refusal(
        "the token is of another tenant than the subscription", "sign in to the right one with `az login --tenant`"
    ),
    "ExpiredAuthenticationToken": Refusal("the token has expired", "sign in again, for example with `az login`"),
    "InvalidAuthenticationToken": Refusal(
        "Azure does not take the token", "sign in again, for example with `az login`"
    ),
    "AuthenticationFailed": Refusal("Azure does not take the token", "sign in again, for example with `az login`"),
    "ResourceGroupNotFound": Refusal(
        "the resource group does not exist", "az group create --name NAME --location LOCATION"
    ),
    # Throttling and passing trouble
    "ResourceRequestsThrottled": Refusal("too many requests for this kind of resource", _LATER, True),
    "SubscriptionRequestsThrottled": Refusal("too many requests in this subscription", _LATER, True),
    "TooManyRequests": Refusal("too many requests", _LATER, True),
    "OperationNotAllowed": Refusal("another operation is under way", _BUSY, True),
    "RetryableErrorDueToAnotherOperation": Refusal("another operation holds a neighbouring resource", _BUSY, True),
    "AnotherOperationInProgress": Refusal("another operation is under way", _BUSY, True),
    "CloudInternalError": Refusal("the backup service had an error of its own", _LATER, True),
    "InternalServerError": Refusal("Azure had an error of its own", _LATER, True),
    "ServiceUnavailable": Refusal("the service can't answer right now", _LATER, True),
    # Busy
    "RSVaultUpdateErrorConflictingOperationInProgress": Refusal(
        "another update of the vault is under way", _BUSY, True
    ),
    "BMSUserErrorConflictingProtectionOperation": Refusal("the item is being configured already", _BUSY, True),
    "BMSUserErrorObjectLocked": Refusal("another operation holds the item", _BUSY, True),
    "DiscoveryInProgress": Refusal("the vault is looking for machines", _BUSY, True),
    "UserErrorBackupOperationInProgress": Refusal(
        "a backup of the VM is running, here or in its former vault", _BUSY, True
    ),
    "CloudDosTimeboudLimitReached": Refusal(
        "the service allows only so many of these in a day", "run the same command again tomorrow"
    ),
    # Vault
    "BMSUserErrorSoftDeleteStateNotSetToAlwaysON": Refusal(
        "new vaults are always made with soft delete always on", "write softDelete: {state: alwaysOn}, or leave it out"
    ),
    "BMSUserErrorDisablingSoftDeleteStateNotAllowed": Refusal(
        "soft delete of this vault can't be weakened any more", "write what the vault has, or leave softDelete out"
    ),
    "BMSUserErrorRedundancySettingsUseVaultApi": Refusal("the vault itself owns its redundancy", _VAULT_API),
    "BMSUserErrorSoftDeleteUseVaultApi": Refusal("the vault itself owns its soft delete", _VAULT_API),
    "StorageModelModifyError": Refusal(
        "redundancy is frozen once the first item has been protected",
        "write the redundancy that the vault has, or protect the VMs in a new vault",
    ),
    "ServiceResourceNotEmptyWithBackendMessage": Refusal("the vault is not empty", "empty it first"),
    "ServiceResourceNotEmptyWithContainerDetails": Refusal("the vault is not empty", "empty it first"),
    "BMSUserErrorVaultDeletionNotAllowed": Refusal("the vault is not empty", "empty it first"),
    "InvalidRestApiParameter": Refusal(
        "the vault does not take one of the settings", "compare the spec with what the message names"
    ),
    # Policy
    "BMSUserErrorInvalidPolicyInput": Refusal(
        "schedule and retention of the policy do not fit together; the service does not say where",
        "check: daily retention 1 or at least 7 days; weekly standard policies keep snapshots 5 days; times on the (half) hour",
    ),
    "BMSUserErrorInstantRPRetentionExceedsVaultedRetention": Refusal(
        "snapshots would be kept as long as the daily points, or longer",
        "write fewer snapshots days than daily retention days",
    ),
    "BMSUserErrorPolicyRetentionInvalid": Refusal(
        "a retention of the policy is out of range", "keep within 9999 days, 5163 weeks, 1188 months, 99 years"
    ),
    "BMSUserErrorInvalidPolicyForGivenProvider": Refusal(
        "the policy is for another kind of workload", "name a policy for Azure VMs"
    ),
    "BMSUserErrorPolicyObjectInUse": Refusal("VMs still use the policy", "give those VMs another policy first"),
    "UserErrorBMSUpdatePolicyNotSupported": Refusal(
        "this policy can't be changed", "make a new policy and point the VMs to it"
    ),
    # Protected items
    "BMSUserErrorInvalidConfigureProtectionRequest": Refusal(
        "VM and policy do not fit together, or the VM is of another region",
        "check the region of the VM, and that a VM with Trusted Launch has an enhanced policy",
    ),
    "BMSUserErrorContainerObjectNotFound": Refusal(
        "the vault has not discovered the VM", "check the VM's name and group, and that it is in the vault's region"
    ),
    "BMSUserErrorDataSourceObjectNotFound": Refusal("the vault has no such item", "plan again: the item is gone"),
    "UserErrorDeleteBackupItemOnImmutableItem": Refusal(
        "the vault is immutable: its recovery points can't be deleted before they expire",
        "write state: stopped, which keeps the points until they expire",
    ),
    "UserErrorOperationDeniedOnImmutableItem": Refusal(
        "immutability of the vault forbids it", "leave the setting as it is, or make it stronger only"
    ),
    "UserErrorVmNotFoundV2": Refusal(
        "the VM does not exist any more", "write state: stopped to keep its recovery points"
    ),
    "BCMV2VMNotFound": Refusal("the VM does not exist any more", "write state: stopped to keep its recovery points"),
    "UserErrorGuestAgentStatusUnavailable": Refusal(
        "the VM agent does not answer", "start the VM, and start or update its agent"
    ),
    "GuestAgentSnapshotTaskStatusError": Refusal(
        "the VM agent does not answer", "start the VM, and start or update its agent"
    ),
    "ExtensionSnapshotFailedNoNetwork": Refusal(
        "the guest has no way to the host", "check the agent, DHCP, the way to 168.63.129.16, and outbound rules"
    ),
    "UserErrorVmProvisioningStateFailed": Refusal(
        "the VM is in a failed state", "repair its extensions, apply the VM again"
    ),
    "UserErrorVmNotInDesirableState": Refusal("the VM is in no state for a backup", "wait for it or repair it"),
    "VmNotInDesirableState": Refusal("the VM is in no state for a backup", "wait for it or repair it"),
    "UserErrorRpCollectionLimitReached": Refusal(
        "old restore points can't be cleaned up", "remove locks from the group that holds the snapshots"
    ),
    "UserErrorKeyvaultPermissionsNotConfigured": Refusal(
        "the backup service can't read the key vault of the encrypted VM", "grant the Backup service access to it"
    ),
    "UserErrorBcmDatasourceNotPresent": Refusal(
        "the item is not actively protected", "write state: protected to resume it"
    ),
    "UserErrorMigrationFromTrustedLaunchVMToNonTrustedVMNotAllowed": Refusal(
        "the name belonged to a VM with Trusted Launch", "give the VM another name or group, or purge the old item"
    ),
    # Networks and guests
    "RetryableError": Refusal("the network service had a passing error", _LATER, True),
    "ReferencedResourceNotProvisioned": Refusal("a resource that this one refers to is being changed", _BUSY, True),
    "PreconditionFailed": Refusal("somebody has changed the resource since it was read", _LATER, True),
    "SecurityRuleConflict": Refusal(
        "another rule of the security group has this priority and direction",
        "plan again: azbackup then takes a free one",
    ),
    "FirewallPolicyUpdateFailed": Refusal(
        "a firewall that uses the policy did not take the change",
        "look at the provisioning state of policy and firewalls, repair them, then run apply again",
    ),
    "VMExtensionProvisioningError": Refusal(
        "the script ran in the guest and failed", "read its output in the run command's instance view"
    ),
    "VMExtensionProvisioningTimeout": Refusal(
        "the script did not end in time in the guest", "see that the VM agent is ready, then run apply again"
    ),
    "VMAgentStatusCommunicationError": Refusal(
        "the VM agent does not answer", "start the VM, and start or update its agent"
    ),
    "AzureVmOffline": Refusal("the VM is not running", "start it for its first backup"),
    "CloudInvalidInputError": Refusal("the service could not read the request", "report this with the request id"),
    "BMSUserErrorInvalidInput": Refusal(
        "the service does not take this filter or body", "report this with the request id"
    ),
}

UNKNOWN = Refusal("", "read Azure's message; with the request id, Azure support can look it up")

_BY_LOWER = {code.lower(): refusal for code, refusal in REFUSALS.items()}


def refusal_of(service_code: str) -> Refusal:
    """The entry of a code, whatever its case; `UNKNOWN` when there is none."""
    return _BY_LOWER.get(service_code.lower(), UNKNOWN)
