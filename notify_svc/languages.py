"""The languages that people are told in: what things are called, and how times are written."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo


class Language(NamedTuple):
    """How to speak."""

    code: str
    time: str
    """Over day, weekday, month, year, clock and zone."""
    weekdays: Sequence[str]
    months: Sequence[str]
    quotes: str
    """Over a title."""
    fields: Mapping[str, str]
    """What people call the fields of an announcement, where it is not their name."""
    yes: str
    no: str
    nothing: str
    host: tuple[str, str]
    """Somebody whose name nobody could tell: at the beginning of a sentence, and inside."""
    guest: tuple[str, str]
    moderator: str
    you: str
    by_moderator: str
    soon: Mapping[str, str]
    """How near an evening is to somebody who gets his place that late; see Facts."""
    labels: Mapping[str, str]
    """What stands around the words in a mail."""
    kinds: Mapping[str, str]
    """What mails of each kind are about."""


ENGLISH = Language(
    code="en",
    time="{weekday} {day:02} {month} {year} {clock} ({zone})",
    weekdays=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    quotes="'{}'",
    fields={
        "event_time": "time",
        "event_location": "place",
        "movie_id": "film",
        "movie_title": "film",
        "tickets_count": "places",
        "sub_only": "for followers only",
        "is_free": "free of charge",
    },
    yes="yes",
    no="no",
    nothing="nothing",
    host=("The host", "the host"),
    guest=("A guest", "a guest"),
    moderator="A moderator",
    you="You",
    by_moderator=" by a moderator",
    soon={"": "", "day": "\nIt begins within a day", "hour": "\nIt begins within an hour"},
    labels={
        "film": "Film",
        "time": "When",
        "place": "Where",
        "host": "Host",
        "guest": "Guest",
        "reason": "Reason",
        "changes": "What changed",
        "open_announcement": "See the evening",
        "open_booking": "See the booking",
        "open_ratings": "See your ratings",
        "why": "You get this mail because Matinee tells you about evenings that concern you.",
        "unsubscribe": "No more mails like this one",
        "unsubscribe_title": "No more mails?",
        "unsubscribe_question": "We will send you no more mails of this kind: {}. Your inbox still tells you.",
        "unsubscribe_button": "No more of these mails",
        "unsubscribed_title": "Done",
        "confirm_address": "This is my address",
        "choose_password": "Choose a password",
        "why_account": "You get this mail because your address was given for an account at Matinee.",
        "unsubscribed": "You get no more mails of this kind. In your preferences you can switch them on again.",
    },
    kinds={
        "announcement_published": "new evenings",
        "announcement_changed": "changes of an evening",
        "announcement_cancelled": "evenings that are called off",
        "booking_created": "new applications",
        "booking_status": "decisions about bookings",
        "reminder_24h": "reminders a day before",
        "reminder_1h": "reminders an hour before",
        "evening_over": "evenings that are over",
        "rating_visible": "ratings of you",
        "welcome": "a new account",
        "security": "the safety of your account",
    },
)
RUSSIAN = Language(
    code="ru",
    time="{weekday}, {day} {month} {year}, {clock} ({zone})",
    weekdays=("пн", "вт", "ср", "чт", "пт", "сб", "вс"),
    months=(
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ),
    quotes="«{}»",
    fields={
        "title": "название",
        "description": "описание",
        "event_time": "время",
        "event_location": "место",
        "city": "город",
        "time_zone": "часовой пояс",
        "movie_id": "фильм",
        "movie_title": "фильм",
        "duration": "длительность",
        "tickets_count": "места",
        "sub_only": "только для подписчиков",
        "is_free": "бесплатно",
        "accept_at_once": "места сразу, без решения организатора",
        "address_for_guests_only": "адрес только для гостей",
    },
    yes="да",
    no="нет",
    nothing="ничего",
    host=("Организатор", "организатор"),
    guest=("Гость", "гость"),
    moderator="Модератор",
    you="Вы",
    by_moderator=" (решение модератора)",
    soon={"": "", "day": "\nНачало в течение суток", "hour": "\nНачало в течение часа"},
    labels={
        "film": "Фильм",
        "time": "Когда",
        "place": "Где",
        "host": "Организатор",
        "guest": "Гость",
        "reason": "Причина",
        "changes": "Что изменилось",
        "open_announcement": "Открыть вечер",
        "open_booking": "Открыть бронь",
        "open_ratings": "Открыть отзывы",
        "why": "Вы получили это письмо, потому что Matinee сообщает о вечерах, которые вас касаются.",
        "unsubscribe": "Больше не присылать такие письма",
        "unsubscribe_title": "Отписаться?",
        "unsubscribe_question": "Мы больше не будем присылать такие письма: {}. Уведомления на сайте останутся.",
        "unsubscribe_button": "Больше не присылать",
        "unsubscribed_title": "Готово",
        "confirm_address": "Это мой адрес",
        "choose_password": "Выбрать пароль",
        "why_account": "Вы получили это письмо, потому что ваш адрес указан для учётной записи Matinee.",
        "unsubscribed": "Таких писем больше не будет. Включить их снова можно в настройках.",
    },
    kinds={
        "announcement_published": "новые вечера",
        "announcement_changed": "изменения вечера",
        "announcement_cancelled": "отмена вечера",
        "booking_created": "новые заявки",
        "booking_status": "решения о бронях",
        "reminder_24h": "напоминания за день",
        "reminder_1h": "напоминания за час",
        "evening_over": "прошедшие вечера",
        "rating_visible": "отзывы о вас",
        "welcome": "новая учётная запись",
        "security": "безопасность учётной записи",
    },
)
LANGUAGES = {language.code: language for language in (ENGLISH, RUSSIAN)}


def language_of(code: str) -> Language:
    """The language of this code; English for one that we do not speak."""
    return LANGUAGES.get(code, ENGLISH)


def moment(time: datetime, zone: ZoneInfo, language: Language) -> str:
    """A time at the venue, such as Fri 27 Nov 2026 19:00 (Europe/Berlin)."""
    local = time.astimezone(zone)
    return language.time.format(
        weekday=language.weekdays[local.weekday()],
        day=local.day,
        month=language.months[local.month - 1],
        year=local.year,
        clock=f"{local:%H:%M}",
        zone=zone.key,
    )
