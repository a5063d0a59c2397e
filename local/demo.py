"""Plays an evening through the public port of the running mesh, and tells it: `python -m local.demo`."""

import random
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from local.errors import MeshError
from local.mesh import Mesh
from local.settings import load_home
from local.steps import print_error

TOLD_WITHIN = 15.0
GUESTS = ("guest_1", "guest_2", "user")


class Story:
    """The people of the story, each with a token, at the public port."""

    def __init__(self, mesh: Mesh, console: Console) -> None:
        self.tokens = mesh.tokens()
        self.console = console
        self.began = datetime.now(UTC)
        # The certificate, if there is one, is for the public name and not for this address.
        self.http = httpx.Client(base_url=mesh.settings.edge_url, timeout=10, trust_env=False, verify=False)

    def call(self, who: str, method: str, path: str, **request: Any) -> httpx.Response:
        """A call in somebody's name, shown as it goes."""
        headers = {"authorization": f"Bearer {self.tokens[f'{who}_access_token']}"}
        response = self.http.request(method, path, headers=headers, **request)
        colour = "green" if response.is_success else "yellow"
        line = f"  [dim]{escape(who):8}[/] {method:6} {escape(path)} [{colour}]{response.status_code}[/]"
        self.console.print(line, highlight=False, soft_wrap=True)
        return response

    def must(self, who: str, method: str, path: str, **request: Any) -> Any:
        """A call that has to succeed."""
        response = self.call(who, method, path, **request)
        if not response.is_success:
            raise MeshError(f"{method} {path} answers {response.status_code}: {response.text}", "See `make status`.")
        return response.json()

    def say(self, text: str) -> None:
        """A line of the story."""
        self.console.print(f"[bold]{escape(text)}[/]", highlight=False)


def play(story: Story) -> None:
    """Two places, three guests."""
    announcement = announce(story)
    bookings = {guest: apply(story, guest, announcement["id"]) for guest in GUESTS}
    story.say("The host accepts the first two; for the third there is no place left.")
    for guest in GUESTS[:2]:
        story.must("author", "PUT", f"/app/v1/booking/{bookings[guest]}", json={"my_status": True})
    refused = story.call("author", "PUT", f"/app/v1/booking/{bookings['user']}", json={"my_status": True})
    reason = refused.json()["details"][0]["reason"]
    if refused.status_code != 400 or reason != "NO_PLACES_LEFT":
        raise MeshError(f"the third acceptance answers {refused.status_code} {reason}", "That is a defect.")
    story.console.print(f"  refused: [yellow]{reason}[/] ({escape(refused.json()['message'])})", highlight=False)
    links = show_inboxes(story, bookings)
    story.say("A short link leads to the booking; opening it takes a token, following it does not.")
    follow(story, links["guest_1"])


def announce(story: Story) -> Any:
    """The host announces a real film at a time that no earlier run has taken."""
    film = story.must("author", "GET", "/movie_api/v1/movies?filter[bookable]=true&query=wall-e")[0]
    when = datetime.now(UTC) + timedelta(days=30, minutes=random.randrange(1_000_000))
    story.say(f"A host announces {film['title']} ({film['duration']} minutes), with two places.")
    evening = {
        "status": "Alive",
        "title": f"{film['title']} on the roof",
        "description": "Bring a blanket.",
        "tickets_count": 2,
        "event_time": when.replace(microsecond=0).isoformat(),
        "event_location": "Kreuzbergstrasse 1, Berlin",
        "time_zone": "Europe/Berlin",
    }
    return story.must("author", "POST", f"/app/v1/announcement/{film['id']}", json=evening)


def apply(story: Story, guest: str, announcement_id: str) -> str:
    """A guest applies; returns the booking's id."""
    if guest == GUESTS[0]:
        story.say("Three guests apply.")
    booking: str = story.must(guest, "POST", f"/app/v1/booking/{announcement_id}")["id"]
    return booking


def show_inboxes(story: Story, bookings: dict[str, str]) -> dict[str, str]:
    """Waits until everybody was told, and shows the newest notices; returns each accepted guest's link."""
    story.say("Everybody concerned is told.")
    links = {guest: wait_for_notice(story, guest)["link"] for guest in GUESTS[:2]}
    table = Table("who", "kind", "text", show_lines=False)
    for who, count in (("author", len(bookings) + 2), *((guest, 1) for guest in GUESTS)):
        notices = story.must(who, "GET", f"/notify/v1/inbox?page_size={count}")
        for notice in reversed(notices):
            table.add_row(who, notice["kind"], escape(notice["text"]))
    story.console.print(table)
    return links


def wait_for_notice(story: Story, guest: str) -> Any:
    """A guest's newest notice of a decision; telling is asynchronous."""
    deadline = time.monotonic() + TOLD_WITHIN
    while time.monotonic() < deadline:
        headers = {"authorization": f"Bearer {story.tokens[f'{guest}_access_token']}"}
        notices = story.http.get("/notify/v1/inbox?filter[unread]=true", headers=headers).json()
        # An earlier run may have left unread notices: only what came since this one began is part of the story.
        recent = [notice for notice in notices if datetime.fromisoformat(notice["created"]) >= story.began]
        decided = [notice for notice in recent if notice["kind"] == "booking_status"]
        if decided:
            return decided[0]
        time.sleep(0.1)
    raise MeshError(f"{guest} was told nothing within {TOLD_WITHIN:.0f} s", "See `make logs S=notify`.")


def follow(story: Story, link: str) -> None:
    """Opens a short link as a browser does, then what it leads to."""
    path = link[link.index("/s/") :]
    answer = story.http.get(path)
    target = answer.headers["location"]
    story.console.print(f"  {link} -> {answer.status_code} {target}", highlight=False, soft_wrap=True)
    opened = story.must("guest_1", "GET", target[target.index("/app/") :])
    story.console.print_json(data=opened)


def main() -> None:
    """The command line."""
    if sys.argv[1:]:
        print(__doc__)
        return
    try:
        play(Story(Mesh.attach(load_home().path), Console()))
    except MeshError as error:
        print_error(Console(stderr=True), error)
        raise SystemExit(1) from None
    except httpx.HTTPError as error:
        print_error(Console(stderr=True), MeshError(f"the public port does not answer: {error}", "Run `make up`."))
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
