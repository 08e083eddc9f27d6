"""The client of PyPI, `postgrest`: every method of its builders, over HTTP."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from backend_process import Backend
from postgrest import APIError, AsyncPostgrestClient, SyncPostgrestClient
from postgrest.types import CountMethod, ReturnMethod


@pytest.fixture
def pg(library: Backend) -> Iterator[Any]:
    headers = {
        "Authorization": "Bearer demo-north",
        "Accept": "application/json",
        "Content-Type": "application/json",
        "Accept-Profile": "public",
        "Content-Profile": "public",
    }
    with SyncPostgrestClient(library.http, headers=headers) as client:
        yield client


@pytest.fixture
def books(pg: Any) -> Any:
    def query(columns: str = "id") -> Any:
        return pg.from_("books").select(columns).lte("id", 3).order("id")

    return query


def ids(query: Any) -> list[int]:
    return [row["id"] for row in query.execute().data]


def test_select(pg: Any, books: Any) -> None:
    assert books("*").execute().data[0]["title"] == "Engines"
    answer = pg.from_("books").select("id, title", "price").eq("id", 1).execute()
    assert answer.data == [{"id": 1, "title": "Engines", "price": 9.5}]
    nested = "id,writers:authors(name),copies!inner(shelf),  k:details->k, pages::text"
    rows = pg.table("books").select(nested).eq("copies.shelf", "B1").execute().data
    assert rows == [{"id": 3, "writers": [{"name": "Grace"}], "copies": [{"shelf": "B1"}], "k": None, "pages": "250"}]
    rows = pg.from_("copies").select("shelf,...book(title)").eq("id", 1).execute().data
    assert rows == [{"shelf": "A1", "title": "Engines"}]
    assert pg.from_("books").select("pages.max()").lte("id", 3).execute().data == [{"max": 300}]


def test_counts(pg: Any, books: Any) -> None:
    assert pg.from_("books").select("id", count="exact").lte("id", 3).limit(1).execute().count == 3
    assert pg.from_("books").select("id", count=CountMethod.planned).execute().count > 0
    assert pg.from_("books").select("id", count=CountMethod.estimated).lte("id", 3).execute().count == 3
    answer = pg.from_("books").select("*", head=True, count="exact").lte("id", 3).execute()
    assert (answer.data, answer.count) == ([], 3)


@pytest.mark.parametrize(
    ("method", "arguments", "expected"),
    [
        ("eq", ("id", 1), [1]),
        ("neq", ("id", 1), [2, 3]),
        ("gt", ("id", 1), [2, 3]),
        ("gte", ("id", 2), [2, 3]),
        ("lt", ("id", 2), [1]),
        ("lte", ("id", 2), [1, 2]),
        ("like", ("title", "%ote%"), [2]),
        ("ilike", ("title", "%OTE%"), [2]),
        ("like_all_of", ("title", "%o%,%e%"), [2, 3]),
        ("like_any_of", ("title", "%ote%,Eng%"), [1, 2]),
        ("ilike_all_of", ("title", "%N%,%S"), [1, 2]),
        ("ilike_any_of", ("title", "n%,e%"), [1, 2]),
        ("is_", ("details", None), [3]),
        ("is_", ("details", "not_null"), [1, 2]),
        ("in_", ("id", [1, 3]), [1, 3]),
        ("in_", ("title", ["a,b", "Notes", 'c"d']), [2]),
        ("in_", ("id", []), []),
        ("cs", ("tags", ["history"]), [1]),
        ("contains", ("tags", ["c,d"]), [3]),
        ("contains", ("details", {"k": 1, "s": "x,y"}), [1]),
        ("contains", ("years", "[1842,1843)"), [1]),
        ("cd", ("tags", ["math"]), [2]),
        ("contained_by", ("tags", ["math", "history"]), [1, 2]),
        ("ov", ("tags", ["history", "c,d"]), [1, 3]),
        ("overlaps", ("years", "[1843,1845)"), [1, 2]),
        ("sr", ("years", (1844, 1900)), [3]),
        ("range_gt", ("years", (1800, 1842)), [1, 2, 3]),
        ("nxl", ("years", (1843, 1900)), [3]),
        ("range_gte", ("years", (1850, 1950)), [3]),
        ("sl", ("years", (1899, 1990)), [1, 2]),
        ("range_lt", ("years", (1899, 1990)), [1, 2]),
        ("nxr", ("years", (1800, 1850)), [1, 2]),
        ("range_lte", ("years", (1800, 1850)), [1, 2]),
        ("adj", ("years", (1849, 1900)), [1]),
        ("range_adjacent", ("years", (1849, 1900)), [1]),
        ("fts", ("title", "engine"), [1]),
        ("plfts", ("title", "the notes"), [2]),
        ("phfts", ("title", "compilers"), [3]),
        ("wfts", ("title", "notes -engines"), [2]),
        ("text_search", ("title", "notes", {"config": "english", "type": "plain"}), [2]),
        ("match", ({"id": 1, "title": "Engines"},), [1]),
        ("filter", ("id", "in", "(1,2)"), [1, 2]),
        ("filter", ("title", "match", "^(E|N)"), [1, 2]),
        ("or_", ("id.eq.1,and(id.gt.2,title.like.C*)",), [1, 3]),
        ("limit", (2,), [1, 2]),
        ("offset", (1,), [2, 3]),
        ("range", (1, 2), [2, 3]),
    ],
)
def test_every_filter(books: Any, method: str, arguments: tuple[Any, ...], expected: list[int]) -> None:
    query = books()
    assert ids(getattr(query, method)(*arguments)) == expected


def test_negations(books: Any) -> None:
    assert ids(books().not_.eq("id", 1)) == [2, 3]
    assert ids(books().not_.in_("id", [1, 2])) == [3]
    assert ids(books().not_.is_("details", None)) == [1, 2]
    assert ids(books().not_.or_("id.eq.1,id.eq.2")) == [3]


def test_embedded_tables(pg: Any) -> None:
    query = pg.from_("books").select("id,copies(shelf)").eq("id", 1)
    rows = query.order("shelf", desc=True, foreign_table="copies").limit(1, foreign_table="copies").execute().data
    assert rows == [{"id": 1, "copies": [{"shelf": "A2"}]}]
    query = pg.from_("books").select("id,copies(shelf)").eq("id", 1).or_("shelf.eq.A1", reference_table="copies")
    assert query.execute().data == [{"id": 1, "copies": [{"shelf": "A1"}]}]


def test_orders(pg: Any) -> None:
    query = pg.from_("books").select("id").lte("id", 3)
    assert ids(query.order("pages", desc=True, nullsfirst=False)) == [1, 3, 2]


def test_shapes_of_answers(books: Any) -> None:
    assert books("id").eq("id", 1).single().execute().data == {"id": 1}
    assert books("id").eq("id", 1).maybe_single().execute().data == {"id": 1}
    assert books("id").eq("id", 99).maybe_single().execute() is None
    assert books("id,title").limit(1).csv().execute().data == "id,title\n1,Engines\n"
    assert "details" not in books("*").eq("id", 3).strip_nulls().execute().data[0]
    assert "cost" in books().explain(analyze=True).execute()
    assert "Plan" in books().explain(format="json").execute().data[0]
    with pytest.raises(APIError) as caught:
        books().single().execute()
    assert (caught.value.code, caught.value.details) == ("PGRST116", "The result contains 3 rows")
    assert ids(books().retry(False)) == [1, 2, 3]


def test_writes(pg: Any) -> None:
    authors = pg.from_("authors")
    row = authors.insert({"name": "new", "born": "2000-01-01"}).execute().data[0]
    assert row["born"] == "2000-01-01"
    rows = authors.insert([{"name": "a"}, {"name": "b", "born": None}], count="exact").execute()
    assert (rows.count, [each["name"] for each in rows.data]) == (2, ["a", "b"])
    assert authors.insert({"name": "c"}, returning=ReturnMethod.minimal).execute().data == []
    made = pg.from_("books").insert([{"title": "d", "isbn": "77"}], default_to_null=False).select("pages").execute()
    assert made.data == [{"pages": 100}]
    merged = pg.from_("books").upsert({"title": "e", "isbn": "77"}, on_conflict="isbn").execute()
    assert merged.data[0]["title"] == "e"
    ignored = pg.from_("books").upsert({"title": "f", "isbn": "77"}, on_conflict="isbn", ignore_duplicates=True)
    assert ignored.execute().data == []
    changed = authors.update({"name": "x"}, count="exact").eq("id", row["id"]).execute()
    assert (changed.count, changed.data[0]["name"]) == (1, "x")
    assert authors.update({"name": "y"}, returning="minimal").eq("id", row["id"]).execute().data == []
    single = authors.update({"name": "z"}).eq("id", row["id"]).single().execute()
    assert single.data["name"] == "z"
    with pytest.raises(APIError) as caught:
        authors.update({"name": "q"}).gt("id", 100).max_affected(1).execute()
    assert caught.value.code == "PGRST124"
    gone = authors.delete(count="exact").gt("id", 100).execute()
    assert gone.count == 4
    assert pg.from_("books").delete(returning="minimal").eq("isbn", "77").execute().data == []


def test_what_is_refused(pg: Any) -> None:
    for query, code in (
        (pg.from_("authors").delete(), "KIT400"),
        (pg.from_("authors").update({"name": "x"}), "KIT400"),
        (pg.from_("nowhere").select("*"), "PGRST205"),
        (pg.from_("authors").select("nothing"), "42703"),
        (pg.from_("authors").insert({"nothing": 1}), "PGRST204"),
        (pg.from_("books").insert({"title": "x", "isbn": "1"}), "23505"),
        (pg.rpc("nothing", {}), "PGRST202"),
    ):
        with pytest.raises(APIError) as caught:
            query.execute()
        assert caught.value.code == code
        assert caught.value.message
    with pytest.raises(APIError) as caught:
        pg.from_("nowhere").select("*", head=True).execute()
    assert caught.value.code == "PGRST205"


def test_calls(pg: Any) -> None:
    assert pg.rpc("add", {"a": 1, "b": 2}).execute().data == 3
    assert pg.rpc("add", {"a": 1, "b": 2}, get=True).execute().data == 3
    assert pg.rpc("overdue", {}, count="exact").select("uid").order("uid").limit(3).execute().count == 0
    assert pg.rpc("overdue", {}, head=True, count="exact").execute().count == 0
    assert pg.rpc("overdue", {"days": 3}).eq("member_id", 1).maybe_single().execute() is None
    assert pg.rpc("overdue", {}).select("uid").csv().execute().data == "uid\n"


def test_schemas(pg: Any) -> None:
    assert pg.schema("public").from_("books").select("id").eq("id", 1).execute().data == [{"id": 1}]
    with pytest.raises(APIError) as caught:
        pg.schema("other").from_("books").select("id").execute()
    assert caught.value.code == "PGRST106"


def test_the_async_client(library: Backend) -> None:
    async def read() -> Any:
        async with AsyncPostgrestClient(library.http, headers={"Authorization": "Bearer demo-north"}) as client:
            return (await client.from_("books").select("id").eq("id", 1).execute()).data

    assert asyncio.run(read()) == [{"id": 1}]


def test_no_method_is_left_out(pg: Any) -> None:
    table = pg.from_("x")
    builders = [pg, table, table.select("*"), table.insert({}), table.delete(), pg.rpc("x", {})]
    methods = {name for each in builders for name in dir(type(each)) if not name.startswith("_")}
    inner = {"aclose", "from_table", "request", "execute", "negate_next", "auth"}
    used = set(re.findall(r"\w+", Path(__file__).read_text()))
    assert methods - inner - used == set()
