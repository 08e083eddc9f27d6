"""The layers, each by itself."""

from kit_handler import Request
from kit_rest.database.reading import read_plan
from kit_rest.requests.mapper import RequestMapper
from kit_rest.requests.media import media_of
from kit_rest.requests.preferences import Preferences
from kit_rest.requests.shapes import parse_shape, shape_of
from kit_rest.resource_mapper import ResourceMapper
from kit_rest.responses.mapper import Found, content_range, etag_of, of_read, versions_of


def test_each_layer_by_itself(api):
    mapper = RequestMapper(frozenset({"public"}), "public", {})
    query = {"id": "eq.1", "select": "id,author(name)"}
    request = Request(method="GET", path="/books", path_params={"path": "books"}, query=query)
    asked = mapper.map(request)
    assert (asked.kind, asked.name, asked.shape.values, asked.media.kind) == ("table", "books", ["1"], "json")

    tables = {("public", table.name): table for table in api.tables}
    resources = ResourceMapper(tables, "public")
    node = resources.resolve(resources.table("public", "books"), parse_shape(asked.shape.entries))
    assert [each.label for each in node.outputs] == ["id"]
    assert node.embeds[0].table.name == "authors"

    plan = read_plan(node, stripped=False, count=None, offset=False)
    bound = plan.parameters.bind(asked.shape.values, None, limit=10, offset=0)
    assert '"library"."books"' in plan.sql
    assert "1" in bound.values()
    rows = api.database.run(plan.sql, bound).rows
    assert plan.single
    body, version = rows[0]

    response = of_read(asked, Found(body, 1, None, version, None, plan.labels), {})
    assert (response.status_code, response.body) == (200, '[{"id":1,"author":{"name":"Ada"}}]')
    assert response.headers["Content-Range"] == "0-0/*"


def test_shapes_hold_no_values():
    one, other = (shape_of({"id": [f"eq.{n}"], "name": [f"not.like.{n}*"], "limit": [str(n)]}) for n in (1, 2))
    assert one.entries == other.entries
    assert (one.values, other.values) == (["1", "1*"], ["2", "2*"])
    assert (one.limit, other.limit) == (1, 2)


def test_media_by_weight():
    assert media_of("text/csv;q=0.5, application/json").kind == "json"
    assert media_of("image/png, text/csv;q=0.5").kind == "csv"
    assert media_of("application/vnd.pgrst.object+json;nulls=stripped").stripped


def test_preferences():
    found = Preferences.parse("return=minimal, count=exact , timezone=Europe/Berlin,max-affected=3,handling=strict")
    assert (found.representation, found.count, found.timezone, found.max_affected) == (
        "minimal",
        "exact",
        "Europe/Berlin",
        3,
    )
    assert found.strict


def test_ranges_and_tags():
    assert content_range(10, 5, 100) == "10-14/100"
    assert content_range(0, 0, None) == "*/*"
    tag = etag_of("[]", "7")
    assert versions_of(f'{tag}, "8"') == ["7", "8"]
    assert versions_of("*") is None
    assert etag_of("[]", None) == etag_of("[]", None) != etag_of("[ ]", None)
