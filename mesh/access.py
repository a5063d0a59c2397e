"""Who may call an RPC: what its proto says beside it, and whether a caller is one of them."""

from dataclasses import dataclass

from google.protobuf.descriptor import MethodDescriptor
from matinee.common.v1 import access_pb2

from mesh import stubs
from mesh.caller import Caller
from mesh.errors import PermissionDenied, Unauthenticated


@dataclass(frozen=True)
class Access:
    """Who may call an RPC."""

    rpc: str
    """Its full name, by which it is granted."""
    kinds: frozenset[int]
    services: frozenset[str]
    """Which services SERVICE means."""

    @classmethod
    def of(cls, method: MethodDescriptor) -> "Access":
        """Reads the options. Raises ValueError if they do not say who may call, or name a service that there is not."""
        options = method.GetOptions()
        access = cls(
            method.full_name,
            frozenset(options.Extensions[access_pb2.access]),
            frozenset(options.Extensions[access_pb2.services]),
        )
        if trouble := access.trouble():
            raise ValueError(f"{method.full_name} {trouble}")
        return access

    def trouble(self) -> str:
        """What is wrong with the options; empty if nothing is."""
        if not self.kinds or access_pb2.ACCESS_UNSPECIFIED in self.kinds:
            return "does not say who may call it: add option (matinee.common.v1.access)"
        if (access_pb2.SERVICE in self.kinds) != bool(self.services):
            return "must have both or neither: access SERVICE, and option (matinee.common.v1.services) with their names"
        if unknown := self.services - stubs.MEMBERS:
            return f"may be called by {', '.join(sorted(unknown))}, which is no service"
        return ""

    def admit(self, caller: Caller) -> None:
        """Lets a caller through; his `service` is one that may call.

        Raises Unauthenticated (TOKEN_MISSING), PermissionDenied (ACCESS_DENIED).
        """
        if access_pb2.PUBLIC in self.kinds or caller.service in self.services:
            return
        if access_pb2.CLIENT in self.kinds and self.rpc in caller.rpcs:
            return
        if caller.user_id is None and caller.client is None and self.kinds != {access_pb2.SERVICE}:
            raise Unauthenticated("TOKEN_MISSING", "this call needs an access token")
        is_user = caller.user_id is not None
        if (
            (access_pb2.USER in self.kinds and is_user)
            or (access_pb2.MODERATOR in self.kinds and caller.is_moderator)
            or (access_pb2.SUPER in self.kinds and caller.is_super)
        ):
            return
        raise PermissionDenied("ACCESS_DENIED", "the caller may not do this")


def grantable() -> frozenset[str]:
    """Full names of the RPCs that a client can be granted."""
    services = (service for file in stubs.FILES for service in file.services_by_name.values())
    methods = (method for service in services for method in service.methods)
    return frozenset(
        method.full_name for method in methods if access_pb2.CLIENT in method.GetOptions().Extensions[access_pb2.access]
    )
