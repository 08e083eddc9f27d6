import pytest
from kit_db import UnknownColumnError
from kit_db.entities.shape import Shape
from kit_db.entities.values import DEFAULT
from kit_db.filters import between, ge, ne
from kit_db.stores.names import quoted
from kit_db.stores.statements import Statements

MEAN = ["id; drop table loans", 'id" = 1 or "id', "id -- ", "id, (select 1)", "ID", "", "-id", None, 5, ("id",)]


@pytest.fixture
def statements():
    shape = Shape(dict, columns=["id", "status", "a.b", "50%"], arrays=())
    return Statements("app.loans", shape, "id")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("loans", '"loans"'),
        ("app.loans", '"app"."loans"'),
        ('lo"ans', '"lo""ans"'),
        ("a%b", '"a%%b"'),
        ("select", '"select"'),
    ],
)
def test_names_are_quoted(name, expected):
    assert quoted(name) == expected


def test_a_name_that_can_be_none_is_refused():
    for name in ("a\x00b", "", "app.", ".loans"):
        with pytest.raises(ValueError, match="name"):
            quoted(name)


def test_columns_are_quoted_whole(statements):
    assert statements.column("a.b") == '"a.b"'
    assert statements.column("50%") == '"50%%"'


@pytest.mark.parametrize("name", MEAN)
def test_only_declared_columns_get_into_a_statement(statements, name):
    for build in (
        lambda: statements.select({name: 1}),
        lambda: statements.update([1], {name: 1}, {}, guarded=False),
        lambda: statements.update([1], {"status": 1}, {name: 1}, guarded=True),
        lambda: statements.count({name: 1}),
    ):
        with pytest.raises(UnknownColumnError) as caught:
            build()
        assert caught.value.column == name
        assert caught.value.table == "app.loans"


@pytest.mark.parametrize("name", [name for name in MEAN if isinstance(name, str) and name != "-id"] + ["--id"])
def test_order_by_takes_declared_columns_only(statements, name):
    with pytest.raises(UnknownColumnError):
        statements.terms([name])


def test_order_by(statements):
    for order, text in (("-status", '"status" DESC'), (["status", "-id"], '"status", "id" DESC')):
        assert statements.select({}, statements.terms(order))[0].endswith(f"ORDER BY {text}")


@pytest.mark.parametrize(
    ("value", "condition", "parameters"),
    [
        ("x", '"status" = %s', ["x"]),
        (None, '"status" IS NULL', []),
        (["a", 'b"\\'], '"status" = ANY(%s)', ['{"a","b\\"\\\\"}']),
        (("a", None), '("status" = ANY(%s) OR "status" IS NULL)', ['{"a"}']),
        ([None], '("status" = ANY(%s) OR "status" IS NULL)', ["{}"]),
        ([], '"status" = ANY(%s)', ["{}"]),
        ({"b", "a"}, '"status" = ANY(%s)', ['{"a","b"}']),
        (ge(5), '"status" >= %s', [5]),
        (between(1, 2), '"status" BETWEEN %s AND %s', [1, 2]),
        (ne("x"), '"status" IS DISTINCT FROM %s', ["x"]),
        (ne(None), '"status" IS NOT NULL', []),
    ],
)
def test_conditions(statements, value, condition, parameters):
    assert statements.count({"status": value}) == (
        f'SELECT count(*) FROM "app"."loans" WHERE {condition}',
        parameters,
    )


def test_values_never_enter_the_text(statements):
    evil = "'; drop table loans; --"
    made = [
        (statements.find, [evil]),
        statements.select({"status": evil, "id": [evil]}, limit=evil),
        statements.insert([[evil, DEFAULT, evil, evil], [evil] * 4]),
        statements.insert_absent([evil] * 4, ["id"]),
        statements.upsert([evil] * 4, ["id"], None),
        statements.page({"status": evil}, statements.total("-status"), [evil, evil], 10),
        statements.lock([evil], nowait=True, skip_locked=False, milliseconds=None),
        statements.lock([evil], nowait=False, skip_locked=False, milliseconds=100),
        *(
            made
            for guarded in (False, True)
            for made in (
                statements.update([evil], {"status": evil}, {"status": evil}, guarded=guarded),
                statements.delete([evil], {"status": evil}, guarded=guarded),
            )
        ),
        statements.exists({"status": evil}),
    ]
    for query, parameters in made:
        assert "drop" not in query
        assert query.replace("%%", "").count("%s") == len(parameters)


def test_a_missing_key_matches_no_row_rather_than_null(statements):
    assert statements.delete([None], {}, guarded=False) == ('DELETE FROM "app"."loans" WHERE "id" = %s', [None])
