"""What PostgreSQL alone can do: pgbench books by one statement, on many rows and on one."""

import asyncio
import os
import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from bench.superuser import connected
from local import services
from local.mesh import Mesh
from local.postgres import SUPERUSER, binary

SECONDS = 4
CLIENTS = 32
EVENINGS = 1000
TABLES = f"""CREATE SCHEMA IF NOT EXISTS bench;
CREATE TABLE IF NOT EXISTS bench.evenings (id integer PRIMARY KEY, taken integer NOT NULL, places integer NOT NULL);
CREATE TABLE IF NOT EXISTS bench.places (id uuid PRIMARY KEY DEFAULT uuidv7(), evening integer, guest integer);
INSERT INTO bench.evenings SELECT id, 0, 1000000000 FROM generate_series(1, {EVENINGS}) AS id ON CONFLICT DO NOTHING"""
SCRIPT = """\\set evening random(1, :evenings)
\\set guest random(1, 1000000000)
WITH taken AS (
    UPDATE bench.evenings SET taken = taken + 1 WHERE id = :evening AND taken < places RETURNING id
) INSERT INTO bench.places (evening, guest) SELECT id, :guest FROM taken;
"""
RATE = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)


async def show(mesh: Mesh, console: Console) -> None:
    """Prints both rates. A reference only: a booking of ours keeps more promises than this one."""
    with console.status("pgbench"):
        async with connected(mesh, "postgres") as connection:
            await connection.execute(TABLES)
        many, hot = [await asyncio.to_thread(pgbench, mesh, evenings) for evenings in (EVENINGS, 1)]
    console.print(
        f"pgbench, one statement that takes a place and writes a row, {CLIENTS} clients: {many:,.0f}/s over many rows,"
        f" {hot:,.0f}/s on one hot row"
    )


def pgbench(mesh: Mesh, evenings: int) -> float:
    """Bookings per second over so many rows."""
    with TemporaryDirectory(prefix="matinee-pgbench-") as folder:
        script = Path(folder, "book.sql")
        script.write_text(SCRIPT)
        command = [str(binary("pgbench")), "-n", "-M", "prepared", "-c", str(CLIENTS), "-T", str(SECONDS)]
        command += ["-D", f"evenings={evenings}", "-f", str(script)]
        command += ["-h", "127.0.0.1", "-p", str(mesh.settings.port(services.POSTGRES)), "-U", SUPERUSER, "postgres"]
        environment = {**os.environ, "PGPASSWORD": mesh.settings.postgres_password}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    found = RATE.search(done.stdout)
    if found is None:
        raise SystemExit(f"pgbench does not work: {done.stderr}")
    return float(found[1])
