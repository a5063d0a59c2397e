"""What people are told, in words: every kind of notice is defined here and nowhere else.

All of it is plain text. Who renders HTML escapes it.
"""

from collections.abc import Mapping
from typing import NamedTuple

from mesh.errors import InvalidArgument
from notify_svc.facts import Facts, words


class Wording(NamedTuple):
    """Templates over words()."""

    title: str
    text: str


class Sides(NamedTuple):
    """The same event told to either side."""

    guest: Wording
    host: Wording


class Kind(NamedTuple):
    """What a kind must know, and what it says for each cause; "" stands for any other cause."""

    needs: tuple[str, ...]
    says: Mapping[str, Sides]
    accepted: Mapping[str, Sides] = {}
    """What it says instead when the guest has his place by now."""


KINDS = {
    "announcement_published": Kind(
        ("title",),
        {
            "": Sides(
                guest=Wording("New evening: {title}", "{Host} announced {evening}{film}"),
                host=Wording("Published: {title}", "Your evening is published: {evening}{film}"),
            )
        },
    ),
    "announcement_changed": Kind(
        ("title", "changes"),
        {
            "": Sides(
                guest=Wording("Changed: {title}", "{Decider} changed {evening}{changes}"),
                host=Wording("Changed: {title}", "{You} changed your evening: {evening}{changes}"),
            )
        },
    ),
    "announcement_cancelled": Kind(
        ("title",),
        {
            "": Sides(
                guest=Wording("Called off: {title}", "{Decider} called off {evening}{reason}"),
                host=Wording("Called off: {title}", "{You} called off your evening: {evening}{reason}"),
            )
        },
    ),
    "booking_created": Kind(
        ("title", "booking_id"),
        {
            "": Sides(
                guest=Wording("Applied: {title}", "You applied for {evening}"),
                host=Wording("New application: {title}", "{Guest} applied for {evening}"),
            ),
            "accepted": Sides(
                guest=Wording("Booked: {title}", "You have a place at {evening}"),
                host=Wording("New guest: {title}", "{Guest} booked a place at {evening}"),
            ),
            "waitlisted": Sides(
                guest=Wording("On the waiting list: {title}", "You are on the waiting list of {evening}"),
                host=Wording("On the waiting list: {title}", "{Guest} joined the waiting list of {evening}"),
            ),
        },
    ),
    "booking_status": Kind(
        ("title", "booking_id", "cause"),
        {
            "accepted": Sides(
                guest=Wording("Accepted: {title}", "{Decider} accepted you: {evening}"),
                host=Wording("Accepted: {title}", "{You} accepted {guest}: {evening}"),
            ),
            "declined": Sides(
                guest=Wording("Declined: {title}", "{Decider} declined your application: {evening}{reason}"),
                host=Wording("Declined: {title}", "{You} declined {guest}: {evening}{reason}"),
            ),
            "revoked": Sides(
                guest=Wording("Place taken back: {title}", "{Decider} took your place back: {evening}{reason}"),
                host=Wording("Place taken back: {title}", "{You} took the place of {guest} back: {evening}{reason}"),
            ),
            "withdrawn": Sides(
                guest=Wording("Withdrawn: {title}", "{You} withdrew your booking: {evening}"),
                host=Wording("Withdrawn: {title}", "The booking of {guest} was withdrawn{by}: {evening}"),
            ),
            "returned": Sides(
                guest=Wording("Applied again: {title}", "You applied again: {evening}"),
                host=Wording("Applied again: {title}", "{Guest} applied again: {evening}"),
            ),
            "promoted": Sides(
                guest=Wording("A place is free: {title}", "A place is free, and {host} decides about you: {evening}"),
                host=Wording("A place is free: {title}", "{Guest} waited and now applies for a place: {evening}"),
            ),
            "expired": Sides(
                guest=Wording("Expired: {title}", "The evening began before you were accepted: {evening}"),
                host=Wording("Expired: {title}", "The evening began before {guest} was accepted: {evening}"),
            ),
            "moved": Sides(
                guest=Wording(
                    "Booking ended: {title}", "{Decider} moved the evening to a time when you are elsewhere: {evening}"
                ),
                host=Wording("Booking ended: {title}", "{Guest} is elsewhere at the new time: {evening}"),
            ),
        },
        accepted={
            "returned": Sides(
                guest=Wording("Booked again: {title}", "You have a place again: {evening}"),
                host=Wording("Booked again: {title}", "{Guest} booked a place again: {evening}"),
            ),
            "promoted": Sides(
                guest=Wording("Booked: {title}", "A place is free, and you have it: {evening}"),
                host=Wording("New guest: {title}", "{Guest} waited and now has a place: {evening}"),
            ),
        },
    ),
}


def sides(kind: str, facts: Facts) -> Sides:
    """An event told to either side. Raises InvalidArgument (INVALID_FIELDS) naming the facts that are missing."""
    definition = KINDS[kind]
    problems = {name: f"{kind} needs it" for name, value in facts.items() if name in definition.needs and not value}
    chosen = wordings(definition, facts["cause"], accepted=facts["accepted"])
    if chosen is None:
        problems["cause"] = f"must be one of {', '.join(definition.says)}"
    given = words(facts, problems)
    if problems or chosen is None:
        summary = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
        raise InvalidArgument("INVALID_FIELDS", summary, fields=problems)
    return Sides(*(Wording(wording.title.format(**given), wording.text.format(**given)) for wording in chosen))


def wordings(kind: Kind, cause: str, *, accepted: bool) -> Sides | None:
    """What a kind says for a cause; None if it does not know the cause."""
    return (kind.accepted.get(cause) if accepted else None) or kind.says.get(cause) or kind.says.get("")
