"""The clock of a mesh on this machine."""

from datetime import timedelta
from pathlib import Path

import pytest

from local.clock import move_clock, parse_offset, read_offset
from local.errors import MeshError
from local.home import Home


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("+23h", timedelta(hours=23)),
        ("-30m", timedelta(minutes=-30)),
        ("2d", timedelta(days=2)),
        ("+1d12h30m5s", timedelta(days=1, hours=12, minutes=30, seconds=5)),
        ("0", timedelta()),
    ],
)
def test_offsets(text: str, offset: timedelta) -> None:
    assert parse_offset(text) == offset


@pytest.mark.parametrize("text", ["", "h", "23", "+h", "1h 2m", "tomorrow", "+99999999999999999999d", "+30000d"])
def test_what_is_no_offset_is_refused(text: str) -> None:
    with pytest.raises(MeshError):
        parse_offset(text)


def test_a_moved_clock_stays_until_it_is_moved_again(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert read_offset(home) == timedelta()
    move_clock(home, timedelta(hours=-1))
    assert read_offset(home) == timedelta(hours=-1)
