"""The only room that speaks to Azure: typed SDK clients behind one pipeline, bulk reads, single writes, long operations."""

from reconciler.cloud.azure import Azure
from reconciler.cloud.connect import connect
from reconciler.cloud.endpoints import Endpoint, endpoint_of
from reconciler.cloud.throttle import Throttle

__all__ = ["Azure", "Endpoint", "Throttle", "connect", "endpoint_of"]
