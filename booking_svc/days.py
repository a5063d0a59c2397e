"""Days and instants as filters name them. A day is the venue's, wherever that is."""

from datetime import UTC, date, datetime, timedelta

from booking_svc.refusals import bad_field


def parse_day(field: str, given: str) -> date:
    """A calendar day. Raises InvalidArgument (INVALID_FIELDS) for one that does not exist."""
    try:
        day = datetime.strptime(given, "%Y-%m-%d").date()
        around_day(day)
        return day
    except (ValueError, OverflowError):
        raise bad_field(field, "must be a calendar day, YYYY-MM-DD") from None


def parse_day_or_instant(field: str, given: str) -> date | datetime:
    """A calendar day, or an instant with its offset. Raises InvalidArgument (INVALID_FIELDS)."""
    if len(given) <= len("2026-12-31"):
        return parse_day(field, given)
    try:
        # A plus sign in a query that nobody escaped arrives as a space.
        instant = datetime.fromisoformat(given.replace(" ", "+"))
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise bad_field(field, "must be a day (YYYY-MM-DD) or a time with its offset (RFC 3339)")


def around_day(day: date) -> tuple[datetime, datetime]:
    """A span of UTC that holds the day wherever the venue is: zones reach from -12 to +14 hours."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return midnight - timedelta(hours=15), midnight + timedelta(hours=39)
