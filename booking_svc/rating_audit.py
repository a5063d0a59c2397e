"""The proof that everybody's mean is made of his ratings: everything is added up again."""

import time
from typing import NamedTuple
from uuid import UUID

from booking_svc.audit import PAGE, SECONDS
from booking_svc.store.rating_audit import RatingAuditStore
from mesh import paging
from mesh.database import Row

SCOPE = "ratings audit"


class RatingReport(NamedTuple):
    """What an audit found."""

    standings: int
    ratings: int
    differences: list[Row]
    next_page_token: str


class RatingAudit:
    """Recomputes standings from the ratings that were counted."""

    def __init__(self, store: RatingAuditStore) -> None:
        self.store = store

    async def run(self, token: str) -> RatingReport:
        """Looks at everybody, some thousands at one moment; stops for a token when it takes too long.

        Raises InvalidArgument (INVALID_PAGE_TOKEN).
        """
        until = time.monotonic() + SECONDS
        standings, ratings, after = 0, 0, paging.decode_id(token, SCOPE) or UUID(int=0)
        differences: list[Row] = []
        while page := await self.store.list(after, PAGE):
            standings += len(page)
            ratings += sum(row.count_by_ratings for row in page)
            differences += [row for row in page if differs(row)]
            after = page[-1].person_id
            if time.monotonic() > until:
                return RatingReport(standings, ratings, differences, paging.encode_id(after, SCOPE))
        return RatingReport(standings, ratings, differences, "")


def differs(row: Row) -> bool:
    """Whether a person's numbers are not those of his ratings."""
    kept, found = (row.ratings_count, row.ratings_sum), (row.count_by_ratings, row.sum_by_ratings)
    return bool(kept != found)
