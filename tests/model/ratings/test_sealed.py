"""Random histories of evenings and ratings: what everybody sees is what a model says, and nothing sealed is seen."""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from itertools import cycle
from typing import Any

import httpx
import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from tests.model.conftest import PROFILE
from tests.model.door import answer
from tests.model.ratings.conftest import Clock, NewTroupe
from tests.model.ratings.look import Look
from tests.model.ratings.play import MINUTE, WORDS, Draw, deed, invitations, invite, moments
from tests.model.ratings.questions import questions, told
from tests.model.ratings.troupe import PEOPLE, STRANGER, Troupe
from tests.model.ratings.world import SUPER
from tests.people import ok

# A history takes seconds: it waits for clocks and asks a lot. Looking for the shortest that fails would take too long.
LONG = PROFILE == "long"
PHASES = tuple(phase for phase in Phase if LONG or phase not in (Phase.shrink, Phase.explain))
FEW = settings(settings.get_profile(PROFILE), max_examples=200 if LONG else 3, phases=PHASES)
# Whoever looks around asks much at once.
POOL = ThreadPoolExecutor(6)
DEEDS = st.integers(3, 6)
# On a busy machine too; a long search has all the time.
pytestmark = pytest.mark.timeout(0 if LONG else 600)
EVERYBODY = (*PEOPLE, SUPER)


def first_evening(troupe: Troupe) -> datetime:
    """Tomorrow, at a full second."""
    return (troupe.now() + timedelta(hours=25)).replace(microsecond=0)


@FEW
@given(st.data())
def test_everybody_sees_what_the_model_says(clock: Clock, new_troupe: NewTroupe, data: st.DataObject) -> None:
    troupe, draw, viewers = new_troupe(), Draw(data), cycle(EVERYBODY)
    invite(troupe, invitations(draw, first_evening(troupe)))
    for moment in [troupe.now(), *moments(draw, troupe.world)]:
        if moment > troupe.now():
            clock.to(moment)
        Look(troupe, next(viewers)).everywhere()
        for _ in range(draw.of(DEEDS)):
            done = deed(draw, troupe.world, troupe.now())
            response = troupe.do(done)
            note(f"{done}"[:300] + f" -> {answer(response)}")
            Look(troupe, next(viewers)).everywhere()
    for viewer in EVERYBODY:
        Look(troupe, viewer).everywhere()


@FEW
@given(st.data())
def test_answers_do_not_depend_on_what_is_sealed(clock: Clock, new_troupe: NewTroupe, data: st.DataObject) -> None:
    """Two troupes play the same, but some of what they say differs or is not said: until it is seen, nothing does."""
    draw, viewers = Draw(data), cycle(EVERYBODY)
    ours, theirs = new_troupe(), new_troupe()
    invited = invitations(draw, first_evening(ours))
    invite(ours, invited)
    invite(theirs, invited)
    for moment in [ours.now(), *moments(draw, ours.world)]:
        if moment > ours.now():
            clock.to(moment)
        compare(ours, theirs, [SUPER, next(viewers)])
        for _ in range(draw.of(DEEDS)):
            if play_both(draw, ours, theirs):
                compare(ours, theirs, [next(viewers)])
    compare(ours, theirs, EVERYBODY)


def play_both(draw: Draw, ours: Troupe, theirs: Troupe) -> bool:
    """Somebody does something in both; if it is about his own words, those may be other ones, or none at all.

    Returns whether they were.
    """
    chosen = deed(draw, ours.world, ours.now())
    twist = draw.of(st.sampled_from(["same", "other", "silent"])) if chosen.otherwise else "same"
    here = ours.do(chosen)
    note(f"{twist}: {chosen}"[:300] + f" -> {answer(here)}")
    if twist == "silent":
        theirs.step()
    else:
        there = theirs.do(chosen.otherwise(draw.of(WORDS)) if twist == "other" and chosen.otherwise else chosen)
        was_private = ours.private
        ours.private = theirs.private = differences(ours, theirs)
        if twist == "same" and chosen.of not in was_private and equal(ours, theirs):
            assert ours.plain(here.text) == theirs.plain(there.text)
    ours.private = theirs.private = differences(ours, theirs)
    return twist != "same"


def differences(ours: Troupe, theirs: Troupe) -> set[tuple[int, str, str]]:
    """The evening, the author and the rated of all that was not said alike, or not at the same time."""
    said = [
        {
            (troupe.world.evenings.index(each.evening), *each.pair): (each.words, each.created, each.modified)
            for each in troupe.world.ratings
        }
        for troupe in (ours, theirs)
    ]
    return {of for of in said[0].keys() | said[1].keys() if said[0].get(of) != said[1].get(of)}


def equal(ours: Troupe, theirs: Troupe) -> bool:
    """Whether what may be seen is the same."""
    return ours.world.seen(ours.now()) == theirs.world.seen(theirs.now())


def compare(ours: Troupe, theirs: Troupe, viewers: Iterable[str]) -> None:
    """Where what may be seen is the same, all answers are."""
    if not equal(ours, theirs):
        return
    asked = [question for viewer in viewers for question in questions(ours, viewer)]
    answers = [POOL.map(partial(told, troupe), asked) for troupe in (ours, theirs)]
    for question, here, there in zip(asked, *answers, strict=True):
        assert here == there, question


ROUNDS = 6


@pytest.fixture(scope="module")
def over(clock: Clock, new_troupe: NewTroupe) -> Troupe:
    """Evenings that are over, each with one guest whom the host has not rated, nor he him."""
    troupe = new_troupe()
    for number in range(4 * ROUNDS):
        troupe.announce("Ada", first_evening(troupe) + number * timedelta(hours=6), [("Cleo", "ACCEPTED")])
    clock.to(troupe.world.evenings[-1].end + MINUTE)
    return troupe


def together(*calls: Callable[[], httpx.Response]) -> list[tuple[int, str]]:
    """What is answered to those who call at once."""
    return [answer(call.result()) for call in [POOL.submit(call) for call in calls]]


def mean(troupe: Troupe, person: str) -> Any:
    """The mean of somebody's scores as a host and how many they are."""
    shown = troupe.call(STRANGER, "GET", f"/app/v1/average_score/{{{person}}}").json()
    return shown["score_average"], shown["ratings_count"]


def audit(troupe: Troupe) -> Any:
    """What a recount of all ratings finds."""
    return ok(troupe.call(SUPER, "GET", "/app/v1/_ratings_audit"))


def says(troupe: Troupe, who: str, evening: int, score: int, method: str = "POST") -> Callable[[], httpx.Response]:
    """A call that rates."""
    return partial(troupe.call, who, method, f"/app/v1/rating/{{booking {evening} 0}}", {"score": score})


def test_two_last_raters_at_once_reveal_once(over: Troupe) -> None:
    _, before = mean(over, "Ada")
    for evening in range(ROUNDS):
        assert together(says(over, "Ada", evening, 3), says(over, "Cleo", evening, 7)) == [(200, "")] * 2
        assert mean(over, "Ada")[1] == before + evening + 1
    assert audit(over)["differences"] == []


def test_edit_at_the_reveal_counts_or_is_refused(over: Troupe) -> None:
    for evening in range(ROUNDS, 2 * ROUNDS):
        average, count = mean(over, "Ada")
        ok(says(over, "Cleo", evening, 2)())
        edited, revealed = together(says(over, "Cleo", evening, 9, "PUT"), says(over, "Ada", evening, 5))
        assert revealed == (200, "")
        assert edited in {(200, ""), (400, "RATING_REVEALED")}
        score = 9 if edited == (200, "") else 2
        assert mean(over, "Ada") == (pytest.approx((average * count + score) / (count + 1)), count + 1)
    assert audit(over)["differences"] == []


def test_one_rating_by_two_paths_at_once(over: Troupe) -> None:
    for evening in range(2 * ROUNDS, 3 * ROUNDS):
        review = partial(over.call, "Cleo", "POST", f"/app/v1/reviews/{{evening {evening}}}", {"score": 4})
        answers = together(says(over, "Cleo", evening, 4), review)
        assert sorted(answers) == [(200, ""), (409, "RATING_EXISTS")]


def test_sealed_ratings_are_in_no_audit_log_or_mail(over: Troupe) -> None:
    evening, before = 3 * ROUNDS, audit(over)
    word = secrets.token_hex(12)
    body = {"score": 1, "text": word, "private_note": word}
    for method in ("POST", "POST", "PUT"):
        over.call("Cleo", method, f"/app/v1/rating/{{booking {evening} 0}}", body)
    over.call("Cleo", "POST", f"/app/v1/reviews/{{evening {evening}}}", {"score": 1, "review_text": word})
    assert audit(over) == before
    files = [file for folder in (over.mesh.home.logs, over.mesh.home.mail) for file in folder.rglob("*")]
    assert not [file for file in files if file.is_file() and word.encode() in file.read_bytes()]


def test_the_rated_are_told_once_of_each_evening(over: Troupe) -> None:
    """And nobody of what is sealed; of what was revealed by the tests above, one notice for each evening and side."""
    for evening in range(3 * ROUNDS + 1, 4 * ROUNDS):
        ok(says(over, "Cleo", evening, 6)())
        ok(says(over, "Ada", evening, 6)())
    revealed = [number for number in range(4 * ROUNDS) if rated_by_both(over, number)]

    def notices(who: str) -> Counter[str]:
        rows = over.visitors[who].rows("/notify/v1/inbox")
        return Counter(row["title"] for row in rows if row["kind"] == "rating_visible")

    deadline = time.monotonic() + 30
    while not all(notices(who).total() >= len(revealed) for who in ("Ada", "Cleo")):
        assert time.monotonic() < deadline
    assert {notices(who).total() for who in ("Ada", "Cleo")} == {len(revealed)}


def rated_by_both(troupe: Troupe, evening: int) -> bool:
    """Whether nobody is silent."""
    path = f"/app/v1/rating/{{booking {evening} 0}}"
    return all(troupe.call(who, "GET", path).status_code == 200 for who in ("Ada", "Cleo"))
