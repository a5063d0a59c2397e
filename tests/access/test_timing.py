"""What `make timing` makes of samples whose difference is known."""

import random

import pytest

from bench.timing import Comparison


def compared(later: float, tries: int = 1000) -> Comparison:
    """Answers of some 20 ms with the long tail that answers have, those about the known later by so many ms."""
    chance = random.Random(1)

    def took(more: float) -> list[float]:
        return [20 + more + chance.lognormvariate(0, 0.8) for _ in range(tries)]

    return Comparison("some question", took(later), took(0))


def test_no_difference_tells_nothing() -> None:
    assert not compared(0).tells


@pytest.mark.parametrize("later", [0.5, -0.5])
def test_half_a_millisecond_tells(later: float) -> None:
    assert compared(later).tells


def test_twice_the_time_is_always_longer() -> None:
    assert compared(20).longer == pytest.approx(1, abs=0.01)


def test_known_ranks() -> None:
    assert Comparison("three and two", [3.0, 5.0, 4.0], [1.0, 2.0]).longer == 1.0
    assert Comparison("one and one", [1.0], [2.0]).longer == 0.0
