"""A write repeated is the same write."""

import asyncio
import secrets
from typing import Any

import grpc
import pytest
from matinee.ugc.v1.ugc_pb2 import CreateReviewRequest, Review, SetReactionRequest
from matinee.ugc.v1.ugc_pb2_grpc import UgcServiceStub

from tests.channels import refusal, signed
from tests.people import Person, ok, reason

LIKE, DISLIKE = SetReactionRequest.LIKE, SetReactionRequest.DISLIKE


def key() -> dict[str, str]:
    return {"idempotency-key": secrets.token_hex(8)}


async def write(ugc: UgcServiceStub, author: Person, film: Any, headers: dict[str, str], score: int = 8) -> Review:
    request = CreateReviewRequest(movie_id=film["id"], text="Slow and lovely.", score=score)
    return await ugc.CreateReview(request, metadata=(*signed(author), *headers.items()))


async def react(ugc: UgcServiceStub, person: Person, review_id: str, what: Any, key: str = "") -> Review:
    request = SetReactionRequest(review_id=review_id, reaction=what, idempotency_key=key)
    return await ugc.SetReaction(request, metadata=signed(person))


async def test_same_key_returns_the_first_review(ugc: UgcServiceStub, host: Person, guest: Person, film: Any) -> None:
    headers = key()
    first = await write(ugc, host, film, headers)
    await react(ugc, guest, first.id, LIKE)
    assert await write(ugc, host, film, headers) == first


async def test_same_key_at_once_is_one_review(ugc: UgcServiceStub, host: Person, film: Any) -> None:
    headers = key()
    reviews = await asyncio.gather(*(write(ugc, host, film, headers) for _ in range(6)))
    assert len({review.id for review in reviews}) == 1


async def test_another_review_under_the_key_is_refused(ugc: UgcServiceStub, host: Person, film: Any) -> None:
    headers = key()
    await write(ugc, host, film, headers)
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await write(ugc, host, film, headers, score=9)
    assert refusal(error.value) == (grpc.StatusCode.INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED")


async def test_a_repeated_reaction_does_not_undo_a_later_one(
    ugc: UgcServiceStub, host: Person, guest: Person, film: Any
) -> None:
    review = await write(ugc, host, film, key())
    first = await react(ugc, guest, review.id, LIKE, "like")
    disliked = await react(ugc, guest, review.id, DISLIKE, "dislike")
    assert await react(ugc, guest, review.id, LIKE, "like") == first
    assert await react(ugc, guest, review.id, DISLIKE) == disliked


async def test_refused_reaction_does_not_use_the_key_up(
    ugc: UgcServiceStub, host: Person, guest: Person, film: Any
) -> None:
    review = await write(ugc, host, film, key())
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await react(ugc, guest, host.id, LIKE, "like")
    assert refusal(error.value) == (grpc.StatusCode.NOT_FOUND, "REVIEW_NOT_FOUND")
    assert (await react(ugc, guest, review.id, LIKE, "like")).likes == 1


async def test_a_beginning_repeated_after_the_end_begins_nothing(host: Person, guest: Person) -> None:
    path, headers = f"/ugc/v1/following/{host.id}", key()
    ok(await guest.put(path, headers=headers))
    ok(await guest.delete(path))
    assert ok(await guest.put(path, headers=headers)) == {}
    assert ok(await host.get(f"/ugc/v1/followers/{host.id}")) == []


async def test_an_end_repeated_after_another_beginning_ends_nothing(host: Person, guest: Person) -> None:
    path, headers = f"/ugc/v1/following/{host.id}", key()
    ok(await guest.delete(path, headers=headers))
    ok(await guest.put(path))
    assert ok(await guest.delete(path, headers=headers)) == {}
    assert ok(await host.get(f"/ugc/v1/followers/{host.id}")) == [guest.id]


async def test_a_deletion_repeated_deletes_no_later_review(ugc: UgcServiceStub, host: Person, film: Any) -> None:
    first = await write(ugc, host, film, key())
    path, headers = f"/ugc/v1/review/{first.id}", key()
    ok(await host.delete(path, headers=headers))
    second = await write(ugc, host, film, key())
    assert ok(await host.delete(path, headers=headers)) == {}
    assert ok(await host.get(f"/ugc/v1/likes_count/{second.id}")) == {"likes_count": 0}


async def test_a_repeated_change_does_not_undo_a_later_one(ugc: UgcServiceStub, host: Person, film: Any) -> None:
    review = await write(ugc, host, film, key())
    path, headers = f"/ugc/v1/review/{review.id}", key()
    first = ok(await host.put(path, {"score": 2}, headers=headers))
    second = ok(await host.put(path, {"score": 3}))
    assert ok(await host.put(path, {"score": 2}, headers=headers)) == first
    assert ok(await host.get(f"/ugc/v1/review_info/{film['id']}/{host.id}/{review.id}")) == second


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("path", ["following", "subscription", "friend_requests", "block"])
async def test_another_subject_under_the_key_is_refused(
    host: Person, guest: Person, film: Any, other_film: Any, sudo: Person, path: str, method: str
) -> None:
    one, other = (film["id"], other_film["id"]) if path == "subscription" else (host.id, sudo.id)
    headers = key()
    ok(await guest.call(method, f"/ugc/v1/{path}/{one}", headers=headers))
    answer = await guest.call(method, f"/ugc/v1/{path}/{other}", headers=headers)
    assert reason(answer) == (400, "IDEMPOTENCY_KEY_REUSED")


async def test_a_key_belongs_to_its_caller_and_its_rpc(host: Person, guest: Person, crowd: list[Person]) -> None:
    headers = key()
    ok(await guest.put(f"/ugc/v1/following/{host.id}", headers=headers))
    ok(await crowd[0].put(f"/ugc/v1/following/{guest.id}", headers=headers))
    ok(await guest.delete(f"/ugc/v1/following/{crowd[1].id}", headers=headers))
    assert ok(await guest.get(f"/ugc/v1/followers/{host.id}")) == [guest.id]


async def test_a_key_in_the_query_is_the_key_in_the_header(host: Person, guest: Person, sudo: Person) -> None:
    ok(await guest.put(f"/ugc/v1/following/{host.id}?idempotency_key=mine"))
    answer = await guest.put(f"/ugc/v1/following/{sudo.id}", headers={"idempotency-key": "mine"})
    assert reason(answer) == (400, "IDEMPOTENCY_KEY_REUSED")


async def test_an_overlong_key_is_refused(host: Person, guest: Person) -> None:
    for length, status in ((128, 200), (129, 400)):
        answer = await guest.put(f"/ugc/v1/following/{host.id}", headers={"idempotency-key": "k" * length})
        assert answer.status_code == status
