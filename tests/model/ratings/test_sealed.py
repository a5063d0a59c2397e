"""Random histories of evenings and ratings: what everybody sees is what a model says, and nothing sealed is seen."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from itertools import cycle

import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from tests.model.conftest import PROFILE
from tests.model.door import answer
from tests.model.ratings.conftest import Clock, NewTroupe
from tests.model.ratings.look import Look
from tests.model.ratings.play import WORDS, Draw, deed, invitations, invite, moments
from tests.model.ratings.questions import questions, told
from tests.model.ratings.troupe import PEOPLE, Troupe
from tests.model.ratings.world import SUPER

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
