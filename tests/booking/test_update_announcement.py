"""PUT and DELETE /app/v1/announcement/{announcement_id}."""

from datetime import datetime, timedelta
from typing import Any

from tests.e2e.faults import until
from tests.people import Person, ok, reason


def path(announcement: Any) -> str:
    return f"/app/v1/announcement/{announcement['id']}"


async def test_only_given_fields_change(host: Person, film: Any) -> None:
    before = await host.announce(film["id"])
    after = ok(await host.put(path(before), {"title": "Another title"}))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"title", "modified", "version"}


async def test_edit_without_a_change_is_no_new_version(host: Person, film: Any) -> None:
    before = await host.announce(film["id"])
    assert ok(await host.put(path(before), {"title": before["title"]}))["version"] == before["version"]


async def test_draft_is_published(host: Person, film: Any) -> None:
    draft = await host.announce(film["id"], status="Created")
    assert ok(await host.put(path(draft), {"status": "Alive"}))["status"] == "Alive"


async def test_closed_by_hand_is_reopened_by_hand(host: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    assert ok(await host.put(path(announcement), {"status": "Closed"}))["status"] == "Closed"
    assert ok(await host.put(path(announcement), {"status": "Alive"}))["status"] == "Alive"


async def test_strangers_may_not_edit(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    assert reason(await guest.put(path(announcement), {"title": "Mine"})) == (403, "NOT_YOUR_ANNOUNCEMENT")


async def test_others_do_not_learn_of_a_draft(host: Person, guest: Person, film: Any) -> None:
    draft = await host.announce(film["id"], status="Created")
    answers = {reason(await guest.get(path(draft))), reason(await guest.put(path(draft), {"title": "Mine"}))}
    assert answers == {(404, "ANNOUNCEMENT_NOT_FOUND")}


async def test_lost_update_is_refused(host: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    ok(await host.put(path(announcement), {"title": "First", "expected_version": announcement["version"]}))
    late = await host.put(path(announcement), {"title": "Second", "expected_version": announcement["version"]})
    assert reason(late) == (409, "VERSION_MISMATCH")


async def test_capacity_never_drops_below_what_was_accepted(host: Person, new_person: Any, film: Any) -> None:
    announcement = await host.announce(film["id"], tickets_count=2)
    for _ in range(2):
        ok(await host.decide(await (await new_person()).apply(announcement), True))
    assert reason(await host.put(path(announcement), {"tickets_count": 1})) == (400, "PLACES_ALREADY_TAKEN")


async def test_moved_evening_moves_its_guests_time(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    booking = await guest.apply(announcement)
    moved = datetime.fromisoformat(announcement["event_time"]) + timedelta(days=1)
    ok(await host.put(path(announcement), {"event_time": moved.isoformat()}))
    shown = ok(await guest.get(f"/app/v1/booking/{booking['id']}"))["event_time"]
    assert datetime.fromisoformat(shown) == moved


async def test_move_that_clashes_for_a_guest_names_him(host: Person, guest: Person, new_person: Any, film: Any) -> None:
    first, other_host = await host.announce(film["id"]), await new_person()
    second = await other_host.announce(film["id"])
    await guest.apply(first)
    await guest.apply(second)
    refused = await host.put(path(first), {"event_time": second["event_time"]})
    assert reason(refused) == (400, "GUESTS_HAVE_CONFLICTS")
    assert refused.json()["details"][0]["metadata"]["guests"] == guest.id


async def test_cancelling_cancels_every_booking(host: Person, guest: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    booking = await guest.apply(announcement)
    assert ok(await host.delete(path(announcement)))["status"] == "Cancelled"
    shown = ok(await guest.get(f"/app/v1/booking/{booking['id']}"))
    assert (shown["state"], shown["author_status"], shown["guest_status"]) == ("CANCELLED", False, True)


async def test_cancelling_frees_the_guests_time(host: Person, guest: Person, new_person: Any, film: Any) -> None:
    announcement = await host.announce(film["id"])
    await guest.apply(announcement)
    ok(await host.delete(path(announcement)))
    other = await (await new_person()).announce(film["id"], event_time=announcement["event_time"])
    await guest.apply(other)


async def test_cancelled_stays_cancelled(host: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    ok(await host.put(path(announcement), {"status": "Cancelled"}))
    assert reason(await host.put(path(announcement), {"status": "Alive"})) == (400, "ANNOUNCEMENT_ENDED")
    assert reason(await host.delete(path(announcement))) == (400, "ANNOUNCEMENT_ENDED")


async def test_unknown_announcement_is_not_found(host: Person) -> None:
    nowhere = "/app/v1/announcement/00000000-0000-4000-8000-000000000000"
    answers = {reason(await host.put(nowhere, {})), reason(await host.get(nowhere)), reason(await host.delete(nowhere))}
    assert answers == {(404, "ANNOUNCEMENT_NOT_FOUND")}


async def test_draft_is_published_before_it_is_closed(host: Person, film: Any) -> None:
    draft = await host.announce(film["id"], status="Created")
    assert reason(await host.put(path(draft), {"status": "Closed"})) == (400, "ANNOUNCEMENT_NOT_OPEN")


async def test_host_is_told_when_a_moderator_calls_his_evening_off(host: Person, sudo: Person, film: Any) -> None:
    announcement = await host.announce(film["id"])
    ok(await sudo.delete(f"/app/v1/announcement/{announcement['id']}", params={"cancel_reason": "A complaint"}))

    async def told() -> bool:
        inbox = ok(await host.get("/notify/v1/inbox"))
        return any("A moderator" in notice["text"] and "A complaint" in notice["text"] for notice in inbox)

    await until(told, "he is told")
