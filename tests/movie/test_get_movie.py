"""Getting films."""

import uuid

import httpx
import pytest
from matinee.movie.v1.movie_pb2 import BatchGetMoviesRequest
from matinee.movie.v1.movie_pb2_grpc import MovieServiceStub

from local.mesh import Mesh
from tests.channels import public_channel
from tests.people import ok, reason

SAMPLES = ("23536729-1e1f-4639-a9cf-0883634143ab", "8f1a49f0-0319-4589-9130-08bad05a1d3b")
DOCUMENTED = "id imdb_rating genre title description director actors_names writers_names duration"


@pytest.mark.parametrize("movie_id", SAMPLES)
async def test_sample_film_has_everything_and_is_bookable(http: httpx.AsyncClient, movie_id: str) -> None:
    movie = ok(await http.post(f"/movie_api/v1/movie/{movie_id}"))
    assert set(DOCUMENTED.split()) <= set(movie)
    assert all(movie[field] for field in DOCUMENTED.split())
    assert movie["bookable"] is True


async def test_get_answers_like_post(http: httpx.AsyncClient) -> None:
    path = f"/movie_api/v1/movie/{SAMPLES[0]}"
    assert ok(await http.get(path)) == ok(await http.post(path))


async def test_unknown_film_is_not_found(http: httpx.AsyncClient) -> None:
    assert reason(await http.get(f"/movie_api/v1/movie/{uuid.uuid4()}")) == (404, "MOVIE_NOT_FOUND")


async def test_id_must_be_a_uuid(http: httpx.AsyncClient) -> None:
    assert reason(await http.get("/movie_api/v1/movie/rear-window")) == (400, "INVALID_FIELDS")


async def test_many_at_once_without_the_unknown(mesh: Mesh) -> None:
    request = BatchGetMoviesRequest(movie_ids=[*SAMPLES, str(uuid.uuid4()), SAMPLES[0]])
    async with public_channel(mesh) as channel:
        movies = (await MovieServiceStub(channel).BatchGetMovies(request)).movies
    assert {movie.id for movie in movies} == set(SAMPLES)
    assert len(movies) == len(SAMPLES)


async def test_a_token_that_is_sent_must_be_valid(http: httpx.AsyncClient) -> None:
    refused = await http.get(f"/movie_api/v1/movie/{SAMPLES[0]}", headers={"authorization": "Bearer forged"})
    assert refused.status_code == 401
