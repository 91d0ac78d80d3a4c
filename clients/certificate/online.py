"""The office asked whether a number is in force: `ronda certificate serve` answers."""

from __future__ import annotations

import grpc

from clients.certificate.refused import Fault, NotValid
from ronda.v1 import certificate_service_pb2 as contract
from ronda.v1.certificate_service_pb2_grpc import CertificateServiceStub

_LOOPBACK = ("127.", "localhost:", "[::1]:")
_FAULTS = {
    contract.CERTIFICATE_STATUS_EXPIRED: Fault.EXPIRED,
    contract.CERTIFICATE_STATUS_REVOKED: Fault.REVOKED,
    contract.CERTIFICATE_STATUS_SAMPLE: Fault.SAMPLE,
}


def check_online(target: str, number: str, authority: bytes | None, deadline_s: float) -> None:
    """Returns when the office says VALID. Raises NotValid, grpc.RpcError.

    authority: PEM of the CA of the office's TLS certificate, None = one that this machine trusts. Without TLS only on
    loopback: a status that anybody on the way can change is none.
    """
    options = [("grpc.enable_retries", 0)]
    if authority is None and target.startswith(_LOOPBACK):
        channel = grpc.insecure_channel(target, options)
    else:
        channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(authority), options)
    with channel:
        stub = CertificateServiceStub(channel)  # type: ignore[no-untyped-call]
        status = stub.Verify(contract.VerifyRequest(number=number), timeout=deadline_s).status
    if status != contract.CERTIFICATE_STATUS_VALID:
        raise NotValid(_FAULTS.get(status, Fault.UNKNOWN))
