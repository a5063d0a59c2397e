"""Asks the process that serves on LISTEN whether it serves, for container health checks: `python -m mesh.probe`.

With `--alive` any answer will do: a process that waits for its database is not helped by being started again.
"""

import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mesh.channel import credentials
from mesh.errors import BECAUSE_KEY
from mesh.identity import IdentityFiles
from mesh.settings import ProcessSettings

SECONDS = 2.0


def main() -> None:
    """Exit code 0 while it serves, or with --alive while it answers."""
    settings = ProcessSettings.read()
    target = f"127.0.0.1:{settings.listen.rpartition(':')[2]}"
    with grpc.secure_channel(target, credentials(IdentityFiles(settings).identity)) as channel:
        try:
            request = health_pb2.HealthCheckRequest()
            answer, call = health_pb2_grpc.HealthStub(channel).Check.with_call(request, timeout=SECONDS)
        except grpc.RpcError as error:
            sys.exit(f"no answer on {target}: {error}")
    if answer.status != health_pb2.HealthCheckResponse.SERVING and sys.argv[1:] != ["--alive"]:
        sys.exit(f"{target} does not serve: {dict(call.trailing_metadata()).get(BECAUSE_KEY, 'it does not say why')}")


if __name__ == "__main__":
    main()
