"""The evening as an entry of a guest's calendar: put in or moved by REQUEST, taken out by CANCEL (RFC 5546)."""

from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import Literal

from icalendar import Calendar, Event, vCalAddress, vText

from notify_svc.facts import Facts, flat

Method = Literal["REQUEST", "CANCEL"]
PRODUCT = "-//Matinee//Evenings//EN"
USUAL = timedelta(hours=2)
"""How long an evening takes that does not say it."""
ENDS = ("declined", "revoked", "withdrawn", "expired", "moved")


def has_place(kind: str, facts: Facts) -> bool | None:
    """Whether a guest has a place after he was told this; None if it says nothing about that."""
    if kind in ("reminder_24h", "reminder_1h"):
        return True
    if kind == "announcement_cancelled":
        return False
    if kind == "booking_status":
        return facts["cause"] == "accepted" or (facts["accepted"] and facts["cause"] in ("returned", "promoted"))
    return None


def method(kind: str, facts: Facts, *, had_place: bool) -> Method | None:
    """What the calendar of a guest is to do about a notice; nothing for one who never had a place."""
    has = has_place(kind, facts)
    if kind == "announcement_changed":
        has = had_place
    if has:
        return "REQUEST"
    return "CANCEL" if has is False and had_place else None


def entry(facts: Facts, method: Method, *, sender: str, address: str, stamp: datetime, link: str) -> str:
    """An evening as text/calendar. One UID for ever; a higher SEQUENCE replaces a lower one."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(event(facts, method, sender=sender, address=address, stamp=stamp, link=link))
    return bytes(calendar.to_ical()).decode()


def event(facts: Facts, method: Method, *, sender: str, address: str, stamp: datetime, link: str) -> Event:
    """The entry itself."""
    begin = facts["event_time"]
    event = Event()
    event.add("uid", f"{facts['announcement_id']}@{parseaddr(sender)[1].rpartition('@')[2]}")
    event.add("sequence", facts["sequence"])
    event.add("dtstamp", stamp.astimezone(UTC))
    # In UTC: an evening happens once, and to write down the rules of its zone takes longer than all the rest.
    event.add("dtstart", begin.astimezone(UTC))
    event.add("dtend", (facts["end_time"] or begin + USUAL).astimezone(UTC))
    event.add("summary", flat(facts["title"]))
    if place := flat(facts["event_location"]):
        event.add("location", place)
    if film := flat(facts["movie_title"]):
        event.add("description", film)
    event.add("url", link)
    event.add("status", "CONFIRMED" if method == "REQUEST" else "CANCELLED")
    event.add("transp", "OPAQUE")
    event.add("organizer", person(parseaddr(sender)[1], flat(facts["author_name"]) or "Matinee"))
    attendee = person(address, flat(facts["guest_name"]) or address)
    attendee.params["PARTSTAT"] = vText("ACCEPTED")
    attendee.params["RSVP"] = vText("FALSE")
    event.add("attendee", attendee)
    return event


def person(address: str, name: str) -> vCalAddress:
    """Somebody who takes part."""
    written = vCalAddress(f"mailto:{address}")
    # A parameter knows no escape for a quotation mark.
    written.params["CN"] = vText(name.replace('"', "'"))
    return written
