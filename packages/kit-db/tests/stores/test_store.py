from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
from kit_db import (
    CheckViolationError,
    Database,
    DatabaseError,
    ForeignKeyViolationError,
    RowNotFoundError,
    StatementError,
    StatementTimeoutError,
    Store,
    StoreDefinitionError,
    TooManyRowsError,
    TransactionRequiredError,
    UniqueViolationError,
    UnknownColumnError,
    set_default_database,
)
from kit_db.filters import between, ge, gt, le, lt, ne

pytestmark = pytest.mark.usefixtures("database")


class Loan:
    """The smallest entity: annotations and a constructor that takes keywords."""

    kind: ClassVar[str] = "loan"

    id: UUID
    amount: Decimal
    term: int
    status: str = "requested"
    note: str | None = None
    created_at: datetime | None = None

    def __init__(self, **values):
        self.__dict__.update(values)


@dataclass(kw_only=True)
class Document:
    key: str
    loan_id: UUID
    size: int


class LoanStore(Store[Loan]):
    entity = Loan
    table = "loans"


class DocumentStore(Store[Document]):
    entity = Document
    table = "documents"
    key = "key"


loans = LoanStore()
documents = DocumentStore()


def loan(**values):
    return Loan(**{"id": uuid4(), "amount": Decimal("10.50"), "term": 12, **values})


def test_add_returns_the_row_with_what_the_database_added():
    added = loans.add(loan(status="approved"))
    assert added.amount == Decimal("10.50")
    assert (added.status, added.note) == ("approved", None)
    assert added.created_at.utcoffset() is not None
    assert abs(datetime.now(UTC) - added.created_at).days == 0


def test_find_by_key_gives_typed_values():
    added = loans.add(loan())
    found = loans.find(added.id)
    assert vars(found) == vars(added)
    assert [type(found.id), type(found.amount)] == [UUID, Decimal]
    assert loans.find(str(added.id)).id == added.id
    assert loans.find(uuid4()) is None
    assert loans.find(None) is None


def test_another_key_and_a_dataclass():
    owner = loans.add(loan())
    document = Document(key="a/b", loan_id=owner.id, size=3)
    assert documents.add(document) == document
    assert documents.find("a/b") == document
    assert documents.where(loan_id=owner.id) == [document]


def test_add_all_is_one_statement(database):
    made = [loan(term=number, note="x" if number % 2 else None) for number in range(1, 5)]
    assert [each.term for each in loans.add_all(made)] == [1, 2, 3, 4]
    assert loans.add_all([]) == []
    wrong = [loan(), loan(amount=Decimal(-1))]
    with pytest.raises(CheckViolationError):
        loans.add_all(wrong)
    assert loans.count() == 4


def test_add_all_takes_a_generator():
    assert len(loans.add_all(loan() for _ in range(3))) == 3


def test_a_none_that_is_not_the_fields_default_is_stored_as_null():
    class Strict(Loan):
        created_at: datetime | None = datetime(2026, 1, 1, tzinfo=UTC)

    class StrictStore(Store[Strict]):
        entity = Strict
        table = "loans"

    values = {"id": uuid4(), "amount": 1, "term": 1, "note": None, "status": "x", "created_at": None}
    with pytest.raises(DatabaseError, match="created_at"):
        StrictStore().add(Strict(**values))


def test_find_by():
    loans.add(loan(note="n", term=3))
    assert loans.find_by(note="n", term=3).term == 3
    assert loans.find_by(note="n", term=4) is None
    with pytest.raises(TypeError):
        loans.find_by()


def test_where_matches_values_null_and_lists():
    a, b, c = loans.add_all([loan(term=1, note="a"), loan(term=2, note="b"), loan(term=3)])
    terms = lambda **columns: [each.term for each in loans.where(order_by="term", **columns)]  # noqa: E731
    assert terms() == [1, 2, 3]
    assert terms(note=None) == [3]
    assert terms(note=["a", "b"]) == [1, 2]
    assert terms(note=("a", None)) == [1, 3]
    assert terms(id={a.id, str(c.id)}) == [1, 3]
    assert terms(id=[]) == []
    assert terms(amount=Decimal("10.5"), note="b") == [2]
    assert terms(created_at=b.created_at, term=2) == [2]


def test_where_orders_and_limits():
    loans.add_all([loan(term=number, note=str(number % 2)) for number in range(4)])
    assert [each.term for each in loans.where(order_by="-term", limit=2)] == [3, 2]
    assert [each.term for each in loans.where(order_by=("note", "-term"), limit=None)] == [2, 0, 3, 1]
    assert loans.where(limit=0) == []


@pytest.mark.parametrize("limit", [-1, True, 1.5, "1"])
def test_a_limit_that_is_none_is_refused(limit):
    with pytest.raises(ValueError, match="limit"):
        loans.where(limit=limit)


def test_too_many_rows_are_an_error_unless_asked_for(database):
    database.execute(
        "insert into loans (id, amount, term) select gen_random_uuid(), 1, number from generate_series(1, 1000) number"
    )
    assert len(loans.where()) == 1000
    loans.add(loan())
    with pytest.raises(TooManyRowsError) as caught:
        loans.where()
    assert (caught.value.table, caught.value.limit) == ("loans", 1000)
    assert len(loans.where(limit=None)) == 1001
    assert len(loans.where(limit=1001)) == 1001


def test_get_names_the_table_and_the_key_that_is_not_there():
    added = loans.add(loan())
    assert loans.get(added.id).id == added.id
    missing = uuid4()
    with pytest.raises(RowNotFoundError) as caught:
        loans.get(missing)
    assert (caught.value.table, caught.value.key) == ("loans", missing)
    assert "'loans'" in str(caught.value)
    assert str(missing) in str(caught.value)
    assert isinstance(caught.value, LookupError)


def test_first_is_the_first_of_an_order_and_then_of_the_key():
    rows = loans.add_all([loan(term=number % 2) for number in range(6)])
    odd = sorted(each.id for each in rows if each.term)
    assert loans.first(order_by="-term").id == odd[-1]
    assert loans.first(term=1).id == odd[0]
    assert loans.first(term=2) is None


def test_where_compares():
    loans.add_all([loan(term=number, note=str(number) if number else None) for number in range(5)])
    terms = lambda **columns: [each.term for each in loans.where(order_by="term", **columns)]  # noqa: E731
    assert terms(term=gt(3)) == [4]
    assert terms(term=ge(3)) == [3, 4]
    assert terms(term=lt(1)) == [0]
    assert terms(term=le(1)) == [0, 1]
    assert terms(term=between(1, 2)) == [1, 2]
    assert terms(note=ne("3")) == [0, 1, 2, 4]
    assert terms(note=ne(None)) == [1, 2, 3, 4]
    assert loans.count(term=ge(2), note=ne("3")) == 2
    assert loans.exists(amount=gt(Decimal("10.49")))
    assert loans.update(loans.first(term=4).id, {"term": 5}, where={"term": lt(4)}) is None


@pytest.mark.parametrize("compare", [gt, ge, lt, le, lambda value: between(1, value)])
def test_nothing_is_compared_with_null(compare):
    with pytest.raises(ValueError, match="NULL"):
        compare(None)


def test_what_is_matched_can_be_a_mapping():
    loans.add_all([loan(term=number) for number in range(3)])
    assert [each.term for each in loans.where({"term": ge(1)}, note=None, order_by="term")] == [1, 2]
    assert loans.find_by({"term": 2}).term == 2
    assert loans.first({"term": 2}).term == 2
    assert loans.count({"term": 2}) == 1
    assert loans.exists({"term": 2})


def test_columns_named_like_options_are_matched_by_a_mapping(database):
    database.execute('create table limits (id int primary key, "limit" int); insert into limits values (1, 5), (2, 6)')

    class Limits(Store[dict]):
        entity = dict
        table = "limits"
        columns = ("id", "limit")

    assert Limits().where({"limit": 5}, limit=10) == [{"id": 1, "limit": 5}]


def test_more_rows_than_one_statement_holds_are_one_transaction(database, wire):
    through = LoanStore(Database.from_url(wire.url))
    rows = [loan(term=number) for number in range(2001)]
    assert [each.term for each in through.add_all(rows)] == list(range(2001))
    assert [query.count("INSERT") for query in wire.queries] == [1, 1, 1, 0]
    assert wire.queries[-1] == "COMMIT"
    more = [loan() for _ in range(1500)] + [loan(amount=Decimal(-1))]
    with pytest.raises(CheckViolationError):
        through.add_all(more)
    with database.transaction():
        with pytest.raises(LookupError):
            loans.add_all(each if number < 1500 else failing() for number, each in enumerate([*more, None]))
        assert loans.count() == 2001
    through.database.close()


def failing():
    raise LookupError


def test_large_rows_are_more_statements(wire):
    through = LoanStore(Database.from_url(wire.url))
    through.add_all(loan(note="x" * 1_500_000) for _ in range(4))
    assert [len(query) for query in wire.queries if "INSERT" in query] == [pytest.approx(3_000_000, rel=0.01)] * 2
    through.database.close()


def test_upsert_inserts_or_changes():
    first = loans.upsert(loan(term=1, note="n"))
    again = loans.upsert(loan(id=first.id, term=2, created_at=None))
    assert (again.term, again.note) == (2, "n"), "what the entity leaves to the database is not changed"
    assert again.created_at == first.created_at
    third = loans.upsert(loan(id=first.id, term=3, status="approved"), update="status")
    assert (third.term, third.status) == (2, "approved")
    assert loans.count() == 1


def test_upsert_on_other_columns_leaves_the_key(database):
    database.execute("create unique index on loans (note, term)")
    first = loans.add(loan(note="n"))
    changed = loans.upsert(loan(note="n", amount=Decimal(7)), on=("note", "term"))
    assert (changed.id, changed.amount) == (first.id, 7)
    assert loans.upsert(loan(note="m"), on=["note", "term"], update=["amount"]).id != first.id
    for wrong in ({"on": "kind"}, {"update": "kind"}, {"on": 'note") do nothing; --'}):
        with pytest.raises(UnknownColumnError):
            loans.upsert(loan(), **wrong)
    with pytest.raises(ValueError, match="column to change"):
        loans.upsert(loan(), update=())


def test_of_rivals_one_adds_the_row(other):
    mine = loan(note="mine")
    assert loans.add_if_absent(mine).note == "mine"
    assert LoanStore(other).add_if_absent(loan(id=mine.id, note="theirs")) is None
    assert loans.get(mine.id).note == "mine"


def test_lock_holds_the_row_until_the_transaction_ends(database, other):
    added, free = loans.add(loan()), loans.add(loan())
    theirs = LoanStore(other)
    with database.transaction():
        assert loans.lock(added.id).id == added.id
        assert loans.lock(uuid4()) is None
        for options in ({"nowait": True}, {"wait": 0.05}):
            with pytest.raises(StatementTimeoutError) as caught, other.transaction():
                theirs.lock(added.id, **options)
            assert caught.value.sqlstate == "55P03"
        with other.transaction():
            assert theirs.lock(added.id, skip_locked=True) is None
            assert theirs.lock(free.id, skip_locked=True).id == free.id
    with other.transaction():
        assert theirs.lock(added.id, nowait=True).id == added.id


def test_waiting_for_a_lock_bounds_that_lock_alone(database, wire):
    through = Database.from_url(wire.url, lock_timeout=7)
    added = loans.add(loan())
    through.execute("select 1")
    wire.clear()
    with through.transaction():
        assert LoanStore(through).lock(added.id, wait=0.5).id == added.id
        assert wire.trips == 1
        assert through.execute("show lock_timeout") == [{"lock_timeout": "7s"}]
    through.close()


def test_waiting_for_so_long_is_refused_where_it_would_pin_the_connection(database, wire):
    through = Database.from_url(wire.url, proxy=True)
    added = loans.add(loan())
    with through.transaction():
        with pytest.raises(ValueError, match="RDS Proxy"):
            LoanStore(through).lock(added.id, wait=0.5)
        assert LoanStore(through).lock(added.id, nowait=True).id == added.id
    assert not any("set_config" in query for query in wire.queries)
    through.close()


def test_a_lock_without_a_transaction_is_refused():
    added = loans.add(loan())
    with pytest.raises(TransactionRequiredError, match="loans"):
        loans.lock(added.id)


@pytest.mark.parametrize(
    "options", [{"nowait": True, "wait": 1}, {"nowait": True, "skip_locked": True}, {"wait": 0}, {"wait": -1}]
)
def test_ways_to_wait_that_make_no_sense_are_refused(database, options):
    with pytest.raises(ValueError, match="wait"), database.transaction():
        loans.lock(uuid4(), **options)


def test_delete_under_a_condition():
    added = loans.add(loan())
    assert loans.delete(added.id, where={"status": "approved"}) is False
    assert loans.delete(added.id, where={"status": "requested"}) is True


def test_update_returns_the_changed_row():
    added = loans.add(loan())
    changed = loans.update(added.id, {"status": "approved", "note": None})
    assert (changed.id, changed.status) == (added.id, "approved")
    assert loans.update(uuid4(), {"status": "approved"}) is None
    with pytest.raises(ValueError, match="column"):
        loans.update(added.id, {})


def test_update_under_a_condition():
    added = loans.add(loan())
    assert loans.update(added.id, {"status": "approved"}, where={"status": "requested"}).status == "approved"
    assert loans.update(added.id, {"status": "rejected"}, where={"status": "requested"}) is None
    assert loans.find(added.id).status == "approved"


def test_delete_count_exists():
    added = loans.add(loan())
    assert loans.exists(id=added.id)
    assert loans.count(status="requested") == 1
    assert loans.delete(added.id) is True
    assert loans.delete(added.id) is False
    assert not loans.exists(id=added.id)
    assert loans.count() == 0


def test_calls_are_part_of_the_open_transaction(database, other):
    with pytest.raises(LookupError), database.transaction():  # noqa: PT012
        added = loans.add(loan())
        assert loans.find(added.id)
        raise LookupError
    assert loans.find(added.id) is None


def test_each_call_outside_is_a_unit_of_its_own(other):
    added = loans.add(loan())
    assert LoanStore(other).find(added.id).id == added.id


def test_constraints_have_types_and_names():
    added = loans.add(loan())
    with pytest.raises(UniqueViolationError) as caught:
        loans.add(loan(id=added.id))
    assert caught.value.constraint == "loans_pkey"
    with pytest.raises(ForeignKeyViolationError):
        documents.add(Document(key="k", loan_id=uuid4(), size=1))


EVIL = ["'; drop table loans; --", "\\'; drop table loans; --", "%s", "%(id)s", '"', "$$", "x\\"]


@pytest.mark.parametrize("value", EVIL)
def test_values_are_stored_as_they_are(value):
    added = loans.add(loan(note=value))
    assert loans.find(added.id).note == value
    assert loans.find_by(note=value).id == added.id
    assert loans.update(added.id, {"status": value}, where={"note": value}).status == value
    assert loans.where(note=[value, "other"])[0].id == added.id
    assert loans.count() == 1


@pytest.mark.parametrize("name", ['id" = id; drop table loans; --', "status; --", "kind", "nothing"])
def test_names_that_are_not_declared_are_refused(name):
    added = loans.add(loan())
    for attempt in (
        lambda: loans.where(**{name: 1}),
        lambda: loans.where(order_by=name),
        lambda: loans.find_by(**{name: 1}),
        lambda: loans.update(added.id, {name: 1}),
        lambda: loans.update(added.id, {"status": "x"}, where={name: 1}),
        lambda: loans.count(**{name: 1}),
    ):
        with pytest.raises(UnknownColumnError, match="has no column"):
            attempt()
    assert loans.find(added.id).status == "requested"


def test_a_store_without_entity_or_table_is_refused():
    class Nameless(Store[Loan]):
        entity = Loan

    with pytest.raises(StoreDefinitionError, match="table"):
        Nameless()


def test_a_key_that_is_no_column_is_refused():
    class Wrong(Store[Document]):
        entity = Document
        table = "documents"

    with pytest.raises(StoreDefinitionError, match=r"'id' for its key.* with key"):
        Wrong().find(1)


def test_a_database_can_be_given(database, postgres_url):
    set_default_database(Database(endpoint="nowhere.invalid", user="u", name="n", password="p"))

    class Own(LoanStore):
        pass

    Own.database = database
    assert Own().count() == 0
    assert LoanStore(database).count() == 0


def test_columns_and_odd_names(database):
    database.execute('create schema "odd ""name"; create table "odd ""name"."50%" (id int, "per cent %" text)')

    class Rows(Store[dict]):
        entity = dict
        table = 'odd "name.50%'
        columns = ("id", "per cent %")

    rows = Rows()
    rows.database = database
    database.execute('insert into "odd ""name"."50%%" values (1, %s)', ["100%"])
    assert rows.find(1) == {"id": 1, "per cent %": "100%"}
    assert rows.where(**{"per cent %": "100%"}, order_by="per cent %") == [{"id": 1, "per cent %": "100%"}]
    assert rows.count() == 1


def test_a_value_alone_and_in_a_list_are_compared_alike(database):
    database.execute(
        "create table kinds (id int primary key, n int, large float8, exact numeric, plain timestamp, at timestamptz, "
        "day date)"
    )
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    database.execute("insert into kinds values (1, 2, 0.1, 0.1, %s, %s, %s)", [at, at, at])

    class Kinds(Store[dict]):
        entity = dict
        table = "kinds"
        columns = ("id", "n", "large", "exact", "plain", "at", "day")

    kinds = Kinds(database)
    found = kinds.get(1)
    for name in ("n", "large", "exact", "plain", "at"):
        assert kinds.count({name: found[name]}) == kinds.count({name: [found[name]]}) == 1
        assert kinds.update(1, {"id": 1}, where={name: found[name]}) is not None
    assert kinds.count(plain=at) == kinds.count(plain=[at]) == 1
    assert kinds.count(day=at) == kinds.count(day=[at]) == 0
    assert kinds.count(n=2.0) == kinds.count(n=ge(1.5)) == kinds.count(n=between(1.5, 2.5)) == 1
    assert kinds.count(large=float("inf")) == 0


def test_what_is_different_from_a_list_is_different_from_all_of_it():
    for status, note in (("a", None), ("b", "x"), ("c", "y")):
        loans.add(loan(status=status, note=note))
    assert [each.status for each in loans.where(status=ne(["a", "b"]))] == ["c"]
    assert loans.count(status=ne([])) == 3
    assert [each.status for each in loans.where(note=ne(["x"]), order_by="status")] == ["a", "c"]
    assert [each.status for each in loans.where(note=ne(["x", None]))] == ["c"]
    assert loans.count(note=ne([None])) == loans.count(note=ne(None)) == 2
    with pytest.raises(ValueError, match="gt compares 'status' with one value"):
        loans.where(status=gt(["a"]))


def test_upsert_makes_null_of_a_none_that_is_named():
    first = loans.upsert(loan(note="n", status="paid"))
    again = loans.upsert(loan(id=first.id, note=None), update=["note"])
    assert (again.note, again.status) == (None, "paid")


def test_an_upsert_on_nothing_is_refused():
    with pytest.raises(ValueError, match="unique index"):
        loans.upsert(loan(), on=[])


def test_a_row_that_a_trigger_leaves_out_is_an_error(database):
    database.execute(
        "create function nothing() returns trigger language plpgsql as $$ begin return null; end $$;"
        "create trigger leaves_out before insert on loans for each row execute function nothing()"
    )
    with pytest.raises(StatementError, match="'loans' took no row"):
        loans.add(loan())
    with pytest.raises(StatementError, match="'loans' took no row"):
        loans.upsert(loan())
    assert loans.add_if_absent(loan()) is None


@pytest.mark.parametrize("note", ["x" * 10, "ü" * 200, "it's" * 50, "\\" * 300])
def test_through_a_proxy_many_rows_are_statements_that_do_not_pin(wire, note):
    through = LoanStore(Database.from_url(wire.url, proxy=True))
    rows = [loan(term=number, note=note, created_at=datetime.now(UTC)) for number in range(300)]
    assert [each.term for each in through.add_all(rows)] == list(range(300))
    lengths = [len(query.encode()) for query in wire.queries]
    assert max(lengths) < 16_384
    assert len(lengths) < 2 * sum(lengths) / 16_384 + 3, "nor are they many more than needed"
    through.database.close()


def test_through_a_proxy_values_of_every_kind_are_counted(database, wire):
    database.execute("create table wide (id int primary key, span interval, raw bytea, other bytea, at timestamptz)")

    class Wide(Store[dict]):
        entity = dict
        table = "wide"
        columns = ("id", "span", "raw", "other", "at")

    class Row:
        def __init__(self, number):
            self.id, self.span, self.at = number, timedelta(-9, 86399, 999999), datetime.max.replace(tzinfo=UTC)
            self.raw, self.other = bytes(range(256)), memoryview(bytes(100))

    through = Wide(Database.from_url(wire.url, proxy=True))
    through.add_all(Row(number) for number in range(300))
    assert max(len(query.encode()) for query in wire.queries) < 16_384
    assert len(wire.queries) > 5
    through.database.close()


def test_adding_nothing_asks_nobody():
    assert LoanStore(Database("u", "127.0.0.1", 1, "n", connect_wait=0)).add_all([]) == []


def test_several_conditions_on_a_column_have_to_hold_together():
    for term in (1, 2, 3, 4):
        loans.add(loan(term=term))
    assert [each.term for each in loans.where(term=[gt(1), lt(4), ne(3)])] == [2]
    assert loans.count(term=(gt(1), ne([2, 3]))) == 1
    with pytest.raises(ValueError, match="not with both"):
        loans.count(term=[gt(1), 2])


def test_what_is_no_mapping_is_refused_by_name():
    with pytest.raises(TypeError, match="mapping of columns to values, not a str"):
        loans.where("term = 1")
    with pytest.raises(TypeError, match="mapping of columns to values, not a Loan"):
        loans.update(uuid4(), loan())


def test_an_upsert_without_a_unique_index_says_so():
    with pytest.raises(StatementError, match="no unique or exclusion constraint"):
        loans.upsert(loan(), on="status")
