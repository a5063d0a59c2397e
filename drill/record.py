"""What was asked and what was answered: the drill's own record, from which it judges."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

EPOCH = time.time() - time.perf_counter()


def now() -> float:
    """Seconds since 1970, as the services' clock has them, but never going back."""
    return EPOCH + time.perf_counter()


@dataclass(frozen=True)
class Person:
    """Somebody with an account and a token."""

    id: str
    name: str
    token: str = field(repr=False)
    follows: frozenset[str] = frozenset()
    """Ids of hosts."""
    address: str = ""
    mailed: bool = False
    """Whether he wants mails."""


@dataclass(frozen=True)
class Death:
    """A process that was killed."""

    name: str
    moment: float


@dataclass(frozen=True)
class Refusal:
    """Why a request was not done."""

    code: str
    reason: str
    message: str = ""
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass
class Attempt:
    """One time a request was sent: it was answered, refused, or nobody knows."""

    door: str
    """json or grpc."""
    start: float
    end: float = 0.0
    answer: Any = None
    """The answer's message."""
    token: str = ""
    """Of the next page."""
    degraded: str = ""
    """Services that did not answer, so that something may be missing."""
    refusal: Refusal | None = None
    trouble: str = ""
    """What came instead of an answer."""

    @property
    def outcome(self) -> str:
        """In a word: OK, the reason of the refusal, or unknown."""
        if self.trouble:
            return "unknown"
        return self.refusal.reason or self.refusal.code if self.refusal else "OK"


@dataclass
class Op:
    """Something a person asked for, with however many attempts it took."""

    number: int
    person: Person
    rpc: str
    request: Any
    key: str = ""
    """Of a write; a read has none."""
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def start(self) -> float:
        """When it was sent for the first time."""
        return min(attempt.start for attempt in self.attempts)

    @property
    def success(self) -> Attempt | None:
        """The first attempt that was answered with a success."""
        answered = [attempt for attempt in self.attempts if attempt.answer is not None]
        return min(answered, key=lambda attempt: attempt.end) if answered else None

    @property
    def end(self) -> float:
        """When it was surely done, or when it was known that it never would be."""
        success = self.success
        return success.end if success else max(attempt.end for attempt in self.attempts)

    @property
    def answer(self) -> Any:
        """What it was answered, None if it was not done."""
        return self.success.answer if self.success else None

    @property
    def refusal(self) -> Attempt | None:
        """The attempt that was refused last, if no other succeeded."""
        refused = [attempt for attempt in self.attempts if attempt.refusal]
        return refused[-1] if refused and not self.success else None

    @property
    def unanswered(self) -> bool:
        """Whether nobody knows what became of it."""
        return all(attempt.trouble for attempt in self.attempts)

    def __str__(self) -> str:
        outcomes = ", ".join(f"{attempt.door} {attempt.outcome}" for attempt in self.attempts)
        wanted = " ".join(str(self.request).split())
        return f"#{self.number} {self.rpc} by {self.person.name} ({wanted}) -> {outcomes}"


@dataclass
class Record:
    """Everything that was sent, and what was killed meanwhile."""

    ops: list[Op] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)

    def op(self, person: Person, rpc: str, request: Any, key: str = "") -> Op:
        """A new entry."""
        op = Op(len(self.ops), person, rpc, request, key)
        self.ops.append(op)
        return op

    def writes(self, *rpcs: str) -> Iterator[Op]:
        """Writes that were answered with a success, of these RPCs or all."""
        return (op for op in self.ops if op.key and op.answer is not None and (not rpcs or op.rpc in rpcs))

    def refused(self) -> Iterator[tuple[Op, Attempt]]:
        """Writes whose last word was a refusal."""
        return ((op, op.refusal) for op in self.ops if op.key and op.refusal)

    def reads(self, *rpcs: str) -> Iterator[tuple[Op, Attempt]]:
        """Reads of these RPCs that were answered, refusals too."""
        return (
            (op, attempt)
            for op in self.ops
            if not op.key and op.rpc in rpcs
            for attempt in op.attempts
            if not attempt.trouble
        )
