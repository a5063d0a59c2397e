"""The five services: the one table of their ports, peers and needs."""

from dataclasses import dataclass

from local.errors import MeshError


@dataclass(frozen=True)
class Service:
    """One service of the mesh: its ports start at PORT_BASE + offset, it calls only its peers."""

    name: str
    offset: int
    peers: tuple[str, ...]
    extensions: tuple[str, ...] = ()
    temporary_tables: bool = False

    @property
    def module(self) -> str:
        return f"{self.name}_svc"

    @property
    def processes_setting(self) -> str:
        return f"{self.name}_processes"

    @property
    def valkey_setting(self) -> str:
        return f"{self.name}_valkey_password"

    @property
    def owner(self) -> str:
        """The role that owns the service's database; the service itself enters it by a role of its own name."""
        return f"{self.name}_owner"

    @property
    def roles(self) -> dict[str, str]:
        """The service's roles in PostgreSQL, each with the setting that has its password."""
        return {self.name: f"{self.name}_database_password", self.owner: f"{self.name}_owner_password"}


SERVICES = (
    Service("auth", 10, ("notify",), ("citext",)),
    Service("movie", 20, ("auth",), ("btree_gin", "fuzzystrmatch", "pg_trgm", "unaccent"), temporary_tables=True),
    Service("ugc", 30, ("auth", "movie", "booking")),
    Service("booking", 40, ("auth", "movie", "ugc", "notify"), ("btree_gist", "pg_trgm", "unaccent")),
    Service("notify", 50, ("auth",)),
)
NAMES = tuple(service.name for service in SERVICES)

# The offsets of everything else.
POSTGRES, VALKEY, SUPERVISOR, ENVOY_ADMIN, MAIL, BENCH = 0, 1, 2, 3, 4, 60
METRICS = 60
"""So far behind the port that a process serves on lies the one where it gives away its numbers."""


def get_service(name: str) -> Service:
    """The service of this name, with or without `_svc`."""
    for service in SERVICES:
        if name in (service.name, service.module):
            return service
    raise MeshError(f"there is no service {name!r}", f"There are: {', '.join(NAMES)}.")
