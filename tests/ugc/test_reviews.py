"""What people think of films."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import httpx
import pytest
from matinee.ugc.v1.ugc_pb2 import CreateReviewRequest, Review, SetReactionRequest
from matinee.ugc.v1.ugc_pb2_grpc import UgcServiceStub

from tests.channels import refusal, signed
from tests.people import Person, ok, reason

NewPerson = Callable[..., Awaitable[Person]]
LIKE, DISLIKE, NONE = SetReactionRequest.LIKE, SetReactionRequest.DISLIKE, SetReactionRequest.REACTION_UNSPECIFIED


async def write(ugc: UgcServiceStub, author: Person, film_id: str, text: str = "Slow and lovely.") -> Review:
    request = CreateReviewRequest(movie_id=film_id, text=text, score=8)
    return await ugc.CreateReview(request, metadata=signed(author))


async def react(ugc: UgcServiceStub, person: Person, review_id: str, what: Any) -> Review:
    return await ugc.SetReaction(SetReactionRequest(review_id=review_id, reaction=what), metadata=signed(person))


async def test_a_review_is_read_as_it_was_written(
    http: httpx.AsyncClient, ugc: UgcServiceStub, host: Person, film: Any
) -> None:
    text = "<b>Тихо</b> & “lovely”\nsecond line"
    review = await write(ugc, host, film["id"], text)
    path = f"/ugc/v1/review_info/{film['id']}/{host.id}/{review.id}/"
    told = ok(await http.post(path))
    assert told == ok(await http.get(path))
    assert told.pop("pub_date").endswith("Z")
    assert told == {
        "id": review.id,
        "movie_id": film["id"],
        "text": text,
        "author_id": host.id,
        "likes": 0,
        "dislikes": 0,
        "author_score": 8,
    }


async def test_the_three_ids_of_a_review_must_belong_together(
    http: httpx.AsyncClient, ugc: UgcServiceStub, host: Person, guest: Person, film: Any, other_film: Any
) -> None:
    review = await write(ugc, host, film["id"])
    for film_id, author_id in ((other_film["id"], host.id), (film["id"], guest.id)):
        answer = await http.post(f"/ugc/v1/review_info/{film_id}/{author_id}/{review.id}")
        assert reason(answer) == (404, "REVIEW_NOT_FOUND")


async def test_a_person_reviews_a_film_once_even_when_racing(ugc: UgcServiceStub, host: Person, film: Any) -> None:
    answers = await asyncio.gather(*(write(ugc, host, film["id"]) for _ in range(8)), return_exceptions=True)
    refusals = [answer for answer in answers if isinstance(answer, BaseException)]
    assert [refusal(error) for error in refusals] == 7 * [(grpc.StatusCode.ALREADY_EXISTS, "REVIEW_EXISTS")]


async def test_a_film_that_does_not_exist_is_not_reviewed(ugc: UgcServiceStub, host: Person) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await write(ugc, host, str(uuid.uuid4()))
    assert refusal(error.value) == (grpc.StatusCode.NOT_FOUND, "MOVIE_NOT_FOUND")


async def test_nobody_reviews_without_a_token(ugc: UgcServiceStub, film: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await ugc.CreateReview(CreateReviewRequest(movie_id=film["id"], text="Me.", score=1))
    assert refusal(error.value) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")


@pytest.mark.parametrize("text", ["", " \t\u2003\u200b", "x" * 5001, "NUL \x00"], ids=["empty", "blank", "long", "NUL"])
async def test_text_that_cannot_be_kept_is_refused(ugc: UgcServiceStub, host: Person, film: Any, text: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await write(ugc, host, film["id"], text)
    assert refusal(error.value) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")


async def test_the_last_word_of_a_person_counts(
    ugc: UgcServiceStub, host: Person, guest: Person, new_person: NewPerson, film: Any
) -> None:
    review = await write(ugc, host, film["id"])
    await react(ugc, await new_person(), review.id, LIKE)
    counts = []
    for what in (LIKE, LIKE, DISLIKE, NONE):
        told = await react(ugc, guest, review.id, what)
        counts.append((told.likes, told.dislikes))
    assert counts == [(2, 0), (2, 0), (1, 1), (1, 0)]


async def test_likes_of_many_at_once_are_all_counted(
    http: httpx.AsyncClient, ugc: UgcServiceStub, host: Person, crowd: list[Person], film: Any
) -> None:
    review = await write(ugc, host, film["id"])
    await asyncio.gather(*(react(ugc, reader, review.id, LIKE) for reader in crowd for _ in range(3)))
    assert ok(await http.post(f"/ugc/v1/likes_count/{review.id}/")) == {"likes_count": len(crowd)}


@pytest.mark.parametrize("what", [LIKE, NONE])
async def test_a_review_that_does_not_exist_is_not_liked(ugc: UgcServiceStub, guest: Person, what: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await react(ugc, guest, str(uuid.uuid4()), what)
    assert refusal(error.value) == (grpc.StatusCode.NOT_FOUND, "REVIEW_NOT_FOUND")
