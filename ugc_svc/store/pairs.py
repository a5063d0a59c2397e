"""What is between two people: changed by one transaction at a time, so that no rule is decided on what just ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import text

from mesh import idempotency
from mesh.database import Connection, Database, Row

# Rows that are not there yet cannot be locked: requests of both, or a block and a follow, would not see each other.
LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:pair, 0))")
BETWEEN = text(
    """SELECT
        EXISTS (SELECT FROM blocks WHERE blocker_id = :one AND blocked_id = :other AND blocked) AS blocks,
        EXISTS (SELECT FROM blocks WHERE blocker_id = :other AND blocked_id = :one AND blocked) AS is_blocked,
        EXISTS (
            SELECT FROM friendships WHERE lower_id = least(:one, :other) AND higher_id = greatest(:one, :other)
        ) AS are_friends,
        EXISTS (SELECT FROM friend_requests WHERE sender_id = :other AND receiver_id = :one) AS is_asked,
        EXISTS (
            SELECT FROM friend_requests WHERE sender_id = :other AND receiver_id = :one AND NOT hidden
        ) AS is_asked_openly"""
)


@asynccontextmanager
async def deciding(database: Database, one: UUID, other: UUID) -> AsyncIterator[Connection]:
    """A transaction as idempotency.claiming(), in which nothing else changes between these two. Raises KeyTaken."""
    async with idempotency.claiming(database) as connection:
        await connection.execute(LOCK, {"pair": " ".join(sorted((str(one), str(other))))})
        yield connection


async def between(connection: Connection, one: UUID, other: UUID) -> Row:
    """What is between a person and another: `blocks`, `is_blocked`, `are_friends`, `is_asked` and `is_asked_openly`."""
    return (await connection.execute(BETWEEN, {"one": one, "other": other})).one()
