"""Work that is done as a whole, and told of once it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Self, TypeVar

from kit_db.defaults import default_database, refuse_later, transactional

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from kit_db.database import Database, Isolation

P = TypeVar("P")
R = TypeVar("R")

Publish = Callable[[list[Any]], object]
When = Literal["commit", "inside"]


class UnitOfWork:
    """A transaction, and the events that its block has to tell of.

        with UnitOfWork(publish=outbox.publish_many, when="inside") as work:
            loan = loans.add(loan)
            work.publish(LoanRequested(id=loan.id))

    `publish` gets the list of events, in order, once; without it every event's own `publish()` is called. Nothing is
    published if the block raises or the transaction is rolled back, nor events of an inner block that was. With
    `when="commit"` publishing comes after the commit, of the outermost transaction if there is one around: an error in
    it is logged (`kit.db`), as the commit stays, and a crash in between loses the events. With
    `when="inside"` it is the last step before the commit, and an error in it rolls back: this is for an outbox in the
    same database, which loses nothing.
    """

    def __init__(
        self,
        publish: Publish | None = None,
        *,
        when: When = "commit",
        database: Database | None = None,
        isolation: Isolation | None = None,
    ) -> None:
        _check(when)
        self._publish = _publish_each if publish is None else publish
        self._when = when
        self._database = database
        self._isolation = isolation
        self._events: _Events | None = None
        self._open: AbstractContextManager[None] | None = None

    def publish(self, event: Any, payload: Any = None) -> None:
        """Keep an event until the work is done; given a class, the event that its `load` makes of the payload.

        RuntimeError outside of the block, where nothing would send it.
        """
        if self._events is None:
            raise RuntimeError("a unit of work publishes in its block")
        self._events.add(event, payload)

    def __enter__(self) -> Self:
        if self._open is not None:
            raise RuntimeError("a unit of work is one block: make another for another")
        opened = self._run()
        opened.__enter__()
        self._open = opened
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._open is not None
        try:
            self._open.__exit__(kind, error, traceback)
        finally:
            self._open = self._events = None

    @contextmanager
    def _run(self) -> Iterator[None]:
        database = default_database() if self._database is None else self._database
        with database.transaction(isolation=self._isolation):
            self._events = events = _Events(database)
            yield
            events.tell(self._publish, self._when)


class BaseAction(ABC, Generic[P, R]):
    """One thing that can be done, as a unit of work: subclass it with a `call`, and `run` it.

        class RequestLoan(BaseAction[LoanParams, Loan]):
            def call(self, params):
                loan = loans.add(Loan(profile_id=params.profile_id))
                self.publish(LoanRequested, {"id": loan.id})
                return loan

        RequestLoan.run(params)

    `publisher` and `when` are `publish` and `when` of UnitOfWork; `isolation` and `retry` are those of
    `transactional`: each attempt is another instance, with no event of the one before.
    """

    publisher: ClassVar[Publish | None] = None
    when: ClassVar[When] = "commit"
    database: ClassVar[Database | None] = None
    isolation: ClassVar[Isolation | None] = None
    retry: ClassVar[int] = 0

    _events: _Events

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        _check(cls.when)
        refuse_later(cls.call, f"{cls.__qualname__}.call")

    @classmethod
    def run(cls, params: P) -> R:
        """Call `call` in a transaction and return its result once that is committed; an exception undoes it."""
        return transactional(database=cls.database, isolation=cls.isolation, retry=cls.retry)(cls._attempt)(params)

    @classmethod
    def _attempt(cls, params: P) -> R:
        action = cls()
        action._events = _Events(default_database() if cls.database is None else cls.database)
        returned = action.call(params)
        action._events.tell(cls.publisher or _publish_each, cls.when)
        return returned

    @property
    def events(self) -> list[Any]:
        """The events that are kept until now, without those of an undone inner block."""
        return self._events.kept()

    @abstractmethod
    def call(self, params: P) -> R:
        """Do the work, in the transaction that is open."""

    def publish(self, event: Any, payload: Any = None) -> None:
        """Keep an event until the work is done; given a class, the event that its `load` makes of the payload."""
        self._events.add(event, payload)


class _Events:
    """The events to publish once the open transaction is committed; an undone savepoint drops its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._all: list[_Event] = []

    def add(self, event: Any, payload: Any) -> None:
        """Keep an event, or the one that its class makes of a payload."""
        loading: Any = event
        kept = _Event(loading.load(payload) if isinstance(event, type) else event)
        self._all.append(kept)
        self._database.after_commit(kept)

    def kept(self) -> list[Any]:
        """Return the events that were not rolled back."""
        pending = set(map(id, self._database.pending))
        return [each.event for each in self._all if each.done or id(each) in pending]

    def tell(self, publish: Publish, when: When) -> None:
        """Publish the events now, or after the commit."""
        if when == "commit":
            self._database.after_commit(lambda: self._publish(publish))
        else:
            self._publish(publish)

    def _publish(self, publish: Publish) -> None:
        events = self.kept()
        if events:
            publish(events)


class _Event:
    """An event; as a callback it notes that the commit it waited for is done."""

    __slots__ = ("done", "event")

    def __init__(self, event: Any) -> None:
        self.event = event
        self.done = False

    def __call__(self) -> None:
        self.done = True


def _check(when: str) -> None:
    if when not in ("commit", "inside"):
        raise ValueError(f"when is 'commit' or 'inside', not {when!r}")


def _publish_each(events: list[Any]) -> None:
    for event in events:
        event.publish()
