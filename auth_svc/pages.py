"""The pages behind the links in mails: the same for everybody, because the secret does not come with the address."""

import base64
import hashlib
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

VERIFY = {
    "en": {
        "title": "Is this your address?",
        "button": "Yes, it is mine",
        "done": "Thank you. The address is yours now.",
        "bad": "This link does not work any more. Ask for a new password to get another one.",
        "later": "That did not work. Please try again in a minute.",
    },
    "ru": {
        "title": "Это ваш адрес?",
        "button": "Да, мой",
        "done": "Спасибо. Теперь адрес закреплён за вами.",
        "bad": "Эта ссылка больше не действует. Чтобы получить другую, запросите новый пароль.",
        "later": "Не получилось. Попробуйте ещё раз через минуту.",
    },
}
RESET = {
    "en": {
        "title": "A new password",
        "label": "At least 8 characters",
        "button": "Use it from now on",
        "done": "Done. All devices were signed out: sign in with the new password.",
        "bad": "This link does not work any more. Ask for another one.",
        "later": "That did not work. Please try again in a minute.",
    },
    "ru": {
        "title": "Новый пароль",
        "label": "Не меньше 8 символов",
        "button": "Использовать его",
        "done": "Готово. На всех устройствах выполнен выход: войдите с новым паролем.",
        "bad": "Эта ссылка больше не действует. Запросите другую.",
        "later": "Не получилось. Попробуйте ещё раз через минуту.",
    },
}
TEMPLATES = Environment(
    loader=PackageLoader("auth_svc"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


class Page(NamedTuple):
    """A page, and the headers that it comes with."""

    html: bytes
    headers: tuple[tuple[str, str], ...]


def page(words: dict[str, Any], *, asks_password: bool) -> Page:
    """A page whose one script and one style are let run by what they are, and nothing else."""
    style, script = (TEMPLATES.get_template(name).render() for name in ("link.css", "link.js"))
    shown = {"words": words, "asks_password": asks_password, "style": Markup(style), "script": Markup(script)}
    policy = (
        f"default-src 'none'; script-src {source(script)}; style-src {source(style)}; connect-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = (("content-security-policy", policy), ("referrer-policy", "no-referrer"), ("cache-control", "no-store"))
    return Page(TEMPLATES.get_template("link.html").render(shown).encode(), headers)


def source(text: str) -> str:
    """How a policy names what is written inside a page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
