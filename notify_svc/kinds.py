"""What people are told, in words: every kind of notice is defined here and nowhere else.

Here in English; russian.py says the same in Russian. All of it is plain text. Who renders HTML escapes it.
"""

from collections.abc import Mapping
from typing import NamedTuple

from mesh.errors import InvalidArgument
from notify_svc import russian
from notify_svc.edits import UNDONE
from notify_svc.facts import Facts, flat, words
from notify_svc.languages import ENGLISH, RUSSIAN, Language
from notify_svc.wording import Sides, Wording, oneself


class Kind(NamedTuple):
    """What a kind must know, whom it is for, and what it says for each cause; "" stands for any other cause."""

    who: str
    """Whom it concerns."""
    needs: tuple[str, ...]
    says: Mapping[str, Sides]
    accepted: Mapping[str, Sides] = {}
    """What it says instead when the guest has his place by now."""
    inbox: bool = True
    email: bool = True
    """Where it is told to somebody who has no preferences."""
    fixed: frozenset[str] = frozenset()
    """Where it is told whatever the preferences say: `inbox`, `email`."""
    own_doing: frozenset[str] = frozenset()
    """Causes that are the host's own doing: he sees them in his inbox, and is not mailed about them."""


KINDS = {
    "announcement_published": Kind(
        "the author's followers and the film's subscribers",
        ("title",),
        {
            "": Sides(
                guest=Wording("New evening: {title}", "{Host} announced {evening}{film}"),
                host=Wording("Published: {title}", "Your evening is published: {evening}{film}"),
            )
        },
    ),
    "announcement_changed": Kind(
        "accepted, pending and waiting guests; the host when a moderator did it",
        ("title", "changes"),
        {
            "": Sides(
                guest=Wording("Changed: {title}", "{Decider} changed {evening}{changes}"),
                host=Wording("Changed: {title}", "{You} changed your evening: {evening}{changes}"),
            ),
            "undone": Sides(
                guest=Wording("Changed back: {title}", "{Decider} changed {evening} and then changed it back"),
                host=Wording("Changed back: {title}", "{You} changed your evening and then changed it back: {evening}"),
            ),
        },
    ),
    "announcement_cancelled": Kind(
        "accepted, pending and waiting guests; the host when a moderator did it",
        ("title",),
        {
            "": Sides(
                guest=Wording("Called off: {title}", "{Decider} called off {evening}{reason}"),
                host=Wording("Called off: {title}", "{You} called off your evening: {evening}{reason}"),
            )
        },
        fixed=frozenset({"inbox"}),
    ),
    "booking_created": Kind(
        "the host",
        ("title", "booking_id"),
        {
            "": Sides(
                guest=Wording("Applied: {title}", "You applied for {evening}"),
                host=Wording("New application: {title}", "{Guest} applied for {evening}"),
            ),
            "accepted": Sides(
                guest=Wording("Booked: {title}", "You have a place at {evening}{soon}"),
                host=Wording("New guest: {title}", "{Guest} booked a place at {evening}"),
            ),
            "waitlisted": Sides(
                guest=Wording("On the waiting list: {title}", "You are on the waiting list of {evening}"),
                host=Wording("On the waiting list: {title}", "{Guest} joined the waiting list of {evening}"),
            ),
        },
    ),
    "booking_status": Kind(
        "the guest and the host",
        ("title", "booking_id", "cause"),
        {
            "accepted": Sides(
                guest=Wording("Accepted: {title}", "{Decider} accepted you: {evening}{soon}"),
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
                guest=Wording("Booked again: {title}", "You have a place again: {evening}{soon}"),
                host=Wording("Booked again: {title}", "{Guest} booked a place again: {evening}"),
            ),
            "promoted": Sides(
                guest=Wording("Booked: {title}", "A place is free, and you have it: {evening}{soon}"),
                host=Wording("New guest: {title}", "{Guest} waited and now has a place: {evening}"),
            ),
        },
        own_doing=frozenset({"accepted", "declined", "revoked", "moved"}),
    ),
    "reminder_24h": Kind(
        "accepted guests and the host",
        ("title",),
        {
            "": Sides(
                guest=Wording("Coming up: {title}", "Your evening begins within a day: {evening}{place}"),
                host=Wording("Coming up: {title}", "Your guests come within a day: {evening}{place}"),
            )
        },
    ),
    "reminder_1h": Kind(
        "accepted guests and the host",
        ("title",),
        {
            "": Sides(
                guest=Wording("Very soon: {title}", "Your evening begins within an hour: {evening}{place}"),
                host=Wording("Very soon: {title}", "Your guests come within an hour: {evening}{place}"),
            )
        },
    ),
    "evening_over": Kind(
        "guests who attended or were not marked, and the host",
        ("title",),
        {
            "": Sides(
                guest=Wording("How was it: {title}", "The evening is over; tell others how it was: {evening}"),
                host=Wording("How was it: {title}", "Your evening is over; say who came, and how it was: {evening}"),
            )
        },
    ),
    "rating_visible": Kind(
        "the rated",
        ("title",),
        {
            "": Sides(
                guest=Wording("You were rated: {title}", "What your host says of you can be seen now: {evening}"),
                host=Wording("You were rated: {title}", "What your guests say of you counts from now on: {evening}"),
            )
        },
    ),
}
ABOUT_ACCOUNTS = {
    "welcome": Kind(
        "oneself",
        (),
        {
            "registered": oneself(
                "Welcome to Matinee",
                "An account was opened with this address. If it was you, please say so. If it was not, you need not do"
                " anything.",
            ),
            "already_registered": oneself(
                "You have an account at Matinee",
                "Somebody, perhaps you, registered with this address, which has an account already. If it was you, sign"
                " in to that one, or ask for a new password. If it was not, you need not do anything: nobody gets into"
                " your account in this way.",
            ),
        },
        inbox=False,
        fixed=frozenset({"email"}),
    ),
    "security": Kind(
        "oneself",
        (),
        {
            "password_forgotten": oneself(
                "A new password for Matinee",
                "Somebody, perhaps you, asked for a new password for your account. If it was not you, you need not do"
                " anything: the old one stays.",
            ),
            "password_changed": oneself(
                "Your password was changed",
                "The password of your account was changed, and all other devices were signed out. If it was not you,"
                " ask for a new password at once.",
            ),
            "password_reset": oneself(
                "You have a new password",
                "A new password was chosen for your account by a link that we mailed to you, and all devices were"
                " signed out. If it was not you, ask for another one at once, and look who reads your mails.",
            ),
            "token_reused": oneself(
                "A device was signed out",
                "A secret of one of your sessions was used twice, as if somebody had a copy of it. So that session has"
                " ended. If you cannot explain it, change your password.",
            ),
            "roles_changed": oneself(
                "What you may do has changed", "What you may do at Matinee has changed; sign in again: {detail}"
            ),
        },
        fixed=frozenset({"inbox", "email"}),
    ),
}


ALL = KINDS | ABOUT_ACCOUNTS


def sides(kind: str, facts: Facts, language: Language = ENGLISH, *, brief: bool = False) -> Sides:
    """An event told to either side. Raises InvalidArgument (INVALID_FIELDS) naming the facts that are missing."""
    definition = KINDS[kind]
    problems = {name: f"{kind} needs it" for name in definition.needs if not facts.get(name)}
    if facts["cause"] == UNDONE:
        problems.pop("changes", None)
    chosen = wordings(kind, facts["cause"], language, accepted=facts["accepted"])
    if chosen is None:
        problems["cause"] = f"must be one of {', '.join(definition.says)}"
    given = words(facts, problems, language, brief=brief)
    if problems or chosen is None:
        summary = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
        raise InvalidArgument("INVALID_FIELDS", summary, fields=problems)
    return Sides(*(Wording(wording.title.format(**given), wording.text.format(**given)) for wording in chosen))


def about_account(kind: str, cause: str, detail: str, language: Language) -> Wording:
    """What is said of an account. Raises InvalidArgument (INVALID_FIELDS: cause)."""
    wording = speech(kind, language)[0].get(cause)
    if wording is None:
        raise InvalidArgument("INVALID_FIELDS", "cause: unknown", fields={"cause": f"{kind} has no such cause"})
    return Wording(wording.guest.title, wording.guest.text.format(detail=flat(detail)))


def mailed(kind: str, facts: Facts, *, is_host: bool) -> bool | None:
    """Whether an event is mailed to a side that has no preferences; None if it never is."""
    definition = KINDS[kind]
    own_doing = is_host and facts["cause"] in definition.own_doing and not facts["by_moderator"]
    return None if own_doing else definition.email


def wordings(kind: str, cause: str, language: Language, *, accepted: bool) -> Sides | None:
    """What a kind says for a cause; None if it does not know the cause."""
    says, when_accepted = speech(kind, language)
    return (when_accepted.get(cause) if accepted else None) or says.get(cause) or says.get("")


def speech(kind: str, language: Language) -> tuple[Mapping[str, Sides], Mapping[str, Sides]]:
    """All that is said of a kind in a language: for each cause, and for each when the guest has his place by now."""
    if language is RUSSIAN:
        return russian.SAYS[kind], russian.ACCEPTED.get(kind, {})
    return ALL[kind].says, ALL[kind].accepted
