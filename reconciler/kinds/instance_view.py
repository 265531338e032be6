"""What the instance view of a VM says of its power and its agent (vm-get-instanceview-2020, wire-facts 8)."""

from __future__ import annotations

from typing import Literal

from reconciler.core.live import Wire
from reconciler.core.wire import dig_list, dig_object, dig_text

AgentState = Literal["ready", "notReady", "missing", "notSaid"]
_NEVER_REPORTED = "VM status blob is found but not yet populated."


def is_running(view: Wire | None) -> bool:
    return any(dig_text(status, "code") == "PowerState/running" for status in dig_list(view, "statuses"))


def agent_version(view: Wire | None) -> str:
    """ "" when it is not known."""
    version = dig_text(view, "vmAgent", "vmAgentVersion")
    return "" if version == "Unknown" else version


def agent_state(view: Wire | None) -> AgentState:
    """`missing`: a running guest from which no agent has ever reported. A view without a word of an agent proves nothing."""
    agent = dig_object(view, "vmAgent")
    statuses = dig_list(agent, "statuses")
    if any(dig_text(status, "displayStatus") == "Ready" for status in statuses):
        return "ready"
    if not agent:
        return "notSaid"
    never = any(dig_text(status, "message") == _NEVER_REPORTED for status in statuses)
    return "missing" if never and not agent_version(view) else "notReady"
