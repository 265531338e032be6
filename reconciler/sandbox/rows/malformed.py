"""Bodies whose values are of a wrong kind: the service cannot read them, and says so."""

from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.sandbox.wire import Refusal


@contextmanager
def reading() -> Iterator[None]:
    """Turns what goes wrong on a missing or wrong value into the service's refusal.

    Raises:
        Refusal: 400 InvalidRequestFormat.
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Refusal(400, "InvalidRequestFormat", "Cannot parse the request.") from error
