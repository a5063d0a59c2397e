"""People who play a history in the mesh, and the world as it should be after it."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from local.clock import read_offset
from local.mesh import Mesh
from tests.model.door import HTTP_STATUS, Visitor, answer
from tests.model.model import Refused
from tests.model.ratings.deeds import Deed, booking_name, evening_name
from tests.model.ratings.world import MODERATOR, Booking, Evening, World
from tests.people import evening as new_evening
from tests.people import ok

HOSTS = ("Ada", "Ben")
# A moderator is a guest as others are.
GUESTS = ("Cleo", "Dan", "Eve", MODERATOR)
STRANGER = "Gus"
PEOPLE = (*HOSTS, *GUESTS, STRANGER)
NOWHERE = "00000000-0000-4000-8000-000000000000"
PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
LINK = re.compile(r"/s/[A-Za-z0-9_-]+")


class Troupe:
    """Seven people and super, and what the names in their calls stand for."""

    def __init__(self, mesh: Mesh, visitors: dict[str, Visitor], film: dict[str, Any]) -> None:
        self.mesh = mesh
        self.visitors = visitors
        self.film = film
        self.ids = {name: visitor.id for name, visitor in visitors.items()} | {"film": film["id"]}
        self.world = World()
        self.begun: list[datetime] = []
        """When each step began, by the mesh's clock."""
        self.private: set[tuple[int, str, str]] = set()
        """Evening, author and rated of what was said otherwise by those with whom this troupe is compared."""

    def now(self) -> datetime:
        """The mesh's time."""
        return datetime.now(UTC) + read_offset(self.mesh.home)

    def step(self) -> None:
        """What has this time or a later one belongs to the next step."""
        self.begun.append(self.now())
        self.world.step = len(self.begun)

    # -- before the evening

    def announce(self, host: str, start: datetime, guests: list[tuple[str, str]], private: bool = False) -> None:
        """An evening and its bookings: guests, and what becomes of each before it begins."""
        number = len(self.world.evenings)
        where = {"title": f"Evening {number}", "event_location": "Kino, Berlin", "tickets_count": 20}
        body = new_evening(event_time=start.isoformat(), sub_only=private, **where)
        shown = ok(self.call(host, "POST", "/app/v1/announcement/{film}", body))
        self.ids[evening_name(number)] = shown["id"]
        end, followers = start + timedelta(minutes=self.film["duration"]), self.world.followers.setdefault(host, set())
        self.world.evenings.append(Evening(host, start, end, private, followers))
        for guest, state in guests:
            if private:
                ok(self.call(guest, "PUT", f"/ugc/v1/following/{{{host}}}"))
                followers.add(guest)
            self.apply(number, guest, state)

    def apply(self, evening: int, guest: str, state: str = "ACCEPTED") -> None:
        """A booking that comes to this state before the evening."""
        there = self.world.evenings[evening]
        name = booking_name(evening, len(there.bookings))
        booking = ok(self.call(guest, "POST", f"/app/v1/booking/{{{evening_name(evening)}}}"))
        self.ids[name] = booking["id"]
        if state == "ACCEPTED":
            ok(self.call(there.host, "PUT", f"/app/v1/booking/{{{name}}}", {"my_status": True}))
        elif state == "DECLINED":
            ok(self.call(there.host, "PUT", f"/app/v1/booking/{{{name}}}", {"my_status": False}))
        elif state == "WITHDRAWN":
            ok(self.call(guest, "DELETE", f"/app/v1/booking/{{{name}}}"))
        there.bookings.append(Booking(guest, state))

    # -- calls

    def call(self, who: str, method: str, path: str, body: Any = None, **request: Any) -> httpx.Response:
        """A call in somebody's name, with ids for names."""
        return self.visitors[who].call(method, self.fill(path), self.fill(body), **request)

    def fill(self, said: Any) -> Any:
        """Ids for the names in braces; that of nothing for what does not exist."""
        if isinstance(said, str):
            return PLACEHOLDER.sub(lambda found: self.ids.get(found[1], NOWHERE), said)
        if isinstance(said, list):
            return [self.fill(each) for each in said]
        return {name: self.fill(each) for name, each in said.items()} if isinstance(said, dict) else said

    def do(self, deed: Deed) -> httpx.Response:
        """The mesh and the world do it, or both refuse for the same reason."""
        self.step()
        now, expected = self.now(), {(200, "")}
        try:
            deed.effect(self.world, now)
        except Refused as refused:
            expected = {(HTTP_STATUS[reason], reason) for reason in refused.reasons}
        response = self.call(deed.who, deed.method, deed.path, deed.body)
        assert answer(response) in expected, (deed, expected, response.text)
        if response.status_code == 200 and deed.makes:
            self.ids[deed.makes] = response.json()["id"]
        return response

    # -- what answers look like when it does not matter who plays

    def plain(self, text: str) -> str:
        """An answer (JSON) with names for ids, and for a time the number of the step in which it lies."""
        # The facts of a refusal come in any order.
        text = json.dumps(json.loads(text), sort_keys=True, ensure_ascii=False)
        names = {identity: name for name, identity in self.ids.items()}
        text = UUID.sub(lambda found: f"<{names.get(found[0], '?')}>", text)
        return LINK.sub("/s/?", TIME.sub(self.when, text))

    def when(self, found: re.Match[str]) -> str:
        """The step of a time; what was planned is as it is."""
        moment = datetime.fromisoformat(found[0])
        if any(moment in (each.start, each.end, each.closes) for each in self.world.evenings):
            return found[0]
        return f"<step {sum(begun <= moment for begun in self.begun)}>"
