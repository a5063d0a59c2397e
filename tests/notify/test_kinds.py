"""A kind is an enum value, an entry, its words in every language and a field of the preferences."""

import pytest
from matinee.notify.v1 import notify_pb2

from notify_svc.kinds import ALL, KINDS, speech
from notify_svc.languages import LANGUAGES, RUSSIAN, Language

NAMES = [name for name, number in notify_pb2.Kind.items() if number]


def test_every_value_of_the_enum_is_defined() -> None:
    assert set(ALL) == set(NAMES)


def test_every_kind_has_its_preference() -> None:
    assert list(notify_pb2.Preferences.DESCRIPTOR.fields_by_name) == NAMES


def test_every_kind_says_whom_it_is_for_and_what_cannot_be_switched_off() -> None:
    assert all(kind.who and kind.fixed <= {"inbox", "email"} for kind in ALL.values())


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_every_kind_is_told_in_every_language_for_the_same_causes(language: Language) -> None:
    assert set(language.kinds) == set(NAMES)
    for name, kind in ALL.items():
        says, accepted = speech(name, language)
        assert (list(says), list(accepted)) == (list(kind.says), list(kind.accepted)), name


def test_languages_label_the_same_things() -> None:
    first, *others = LANGUAGES.values()
    assert all(list(other.labels) == list(first.labels) for other in others)
    assert set(first.fields) <= set(RUSSIAN.fields)


def test_titles_begin_with_what_happened_and_texts_have_their_details() -> None:
    for name in KINDS:
        for language in LANGUAGES.values():
            for sides in (*speech(name, language)[0].values(), *speech(name, language)[1].values()):
                for wording in sides:
                    assert wording.title.endswith(": {title}")
                    assert "{evening}" in wording.text
