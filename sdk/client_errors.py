"""What goes wrong between a client and its server, as the SDK's errors: one line each that says what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import grpc

from sdk.errors import EmoMotionError, InvalidInput, ServerError
from sdk.wire import FIELD_TRAILER

START_ONE = "start one with: emomotion serve"
OURS = re.compile(r"Locally cancelled|Channel closed|garbage collection|the call was cancelled")
"""What grpc or a server says where it was the client that ended a call."""
NOT_REACHED = {
    "WRONG_VERSION_NUMBER": "server {} speaks without TLS; leave the CA out, or start it with --tls-cert and --tls-key",
    "CERTIFICATE_VERIFY_FAILED": "the certificate of {} is not signed by an authority that is known here; name its CA: "
    "Tls(ca=...) or --tls-ca",
    "Hostname Verification": "the certificate of {} is for another host name; connect by the name that it was made for",
    "errors resolving|DNS resolution": "the host of {} is unknown; is the name right?",
    "failed to connect.*Socket closed": "{} closed the connection: it wants TLS (Tls(ca=...), --tls-ca), a certificate "
    "of yours, or it is another program",
    "connect": f"no server answers at {{}}; {START_ONE}",
}
"""What grpc says of a connection that did not come about, and what that means. The first that is found counts."""
BROKEN = "Internal error from Core"
"""What grpc says, as INTERNAL, of a write to a connection that broke in that moment."""


@contextmanager
def translated(target: str, timeout_s: float) -> Iterator[None]:
    """Turns grpc's errors into the SDK's, each with one line that says what to do."""
    try:
        yield
    except grpc.RpcError as error:
        raise _translate(error, target, timeout_s) from None


def _translate(error: grpc.RpcError, target: str, timeout_s: float) -> EmoMotionError:
    code: grpc.StatusCode = error.code()
    details = " ".join((error.details() or "").split())
    if code is grpc.StatusCode.INVALID_ARGUMENT:
        trailers = dict(error.trailing_metadata() or ())
        return InvalidInput(details, field=str(trailers.get(FIELD_TRAILER, "")))
    if code is grpc.StatusCode.UNAVAILABLE:
        for said, meaning in NOT_REACHED.items():
            if re.search(said, details):
                return ServerError(meaning.format(target), status=code.name)
        if re.search(r"Cancelling all calls|shutdown|GOAWAY", details, re.IGNORECASE):
            return ServerError(f"server {target} is shutting down; ask again when it is back", status=code.name)
        return ServerError(f"server {target} is not available: {details}", status=code.name)
    if (code is grpc.StatusCode.CANCELLED and not OURS.search(details)) or details == BROKEN:
        # A balancer whose server died resets the call, which grpc reports as if the client had cancelled it.
        message = f"server {target} was lost in the middle of the call; ask again"
        return ServerError(message, status=grpc.StatusCode.UNAVAILABLE.name)
    if code is grpc.StatusCode.UNAUTHENTICATED:
        message = f"server {target} wants a valid token: give Client(token=...), --token or EMOMOTION_TOKEN"
        return ServerError(message, status=code.name)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        message = f"server {target} did not finish within {timeout_s:g} s; allow more time or ask for fewer seconds"
        return ServerError(message, status=code.name)
    if code is grpc.StatusCode.UNIMPLEMENTED:
        return ServerError(f"server {target} does not speak emomotion.v1; is it another program?", status=code.name)
    return ServerError(f"server {target} answered {code.name}: {details}", status=code.name)
