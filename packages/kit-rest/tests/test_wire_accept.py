"""What a server has to accept, so that both published clients work unchanged; the numbers are those of the record."""

import json

import pytest

PYTHON = {"Accept": "application/json", "Content-Type": "application/json"}
PROFILES = {"Accept-Profile": "public", "Content-Profile": "public"}


def ids(rows):
    return sorted(row["id"] for row in rows)


@pytest.mark.parametrize("accept", ["*/*", "application/json"])
def test_01_both_accepts_are_an_array(client, accept):
    assert ids(client.get("/books?select=*", Accept=accept)) == [1, 2, 3]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_02_a_content_type_without_a_body_on_reads(client, method):
    assert client(method, "/books?select=%2A", **PYTHON).status == 200


@pytest.mark.parametrize("body", [None, {}, "not json", "[1]"])
def test_02_the_body_of_a_delete_is_ignored(client, body):
    assert client("DELETE", "/books?id=eq.1", body, **PYTHON).status == 204
    assert ids(client.get("/books")) == [2, 3]


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/books", None),
        ("HEAD", "/books", None),
        ("POST", "/authors", {"name": "x"}),
        ("PATCH", "/authors?id=eq.1", {"name": "x"}),
        ("DELETE", "/books?id=eq.1", {}),
        ("POST", "/rpc/add", {"a": 1}),
    ],
)
def test_03_both_profiles_on_every_request(client, method, target, body):
    assert client(method, target, body, **PYTHON, **PROFILES).status < 300
    # The other one than the method's is ignored.
    other = "Content-Profile" if method in ("GET", "HEAD") else "Accept-Profile"
    assert client(method, target, body, **{**PROFILES, other: "nope"}).status < 300
    own = "Accept-Profile" if method in ("GET", "HEAD") else "Content-Profile"
    answer = client(method, target, body, **{**PROFILES, own: "nope"})
    assert answer.status == 406
    assert "PGRST106" in answer.headers["proxy-status"]


@pytest.mark.parametrize(
    "prefer",
    ["return=representation, count=exact", "return=representation,count=exact", "count=exact ,return=representation"],
)
def test_04_preferences_in_one_line(client, prefer):
    answer = client("POST", "/authors", {"name": "x"}, Prefer=prefer)
    assert (answer.status, answer.headers["content-range"], len(answer.json)) == (201, "*/1", 1)


def test_04_of_contradictory_tokens_the_first_counts(client):
    answer = client("POST", "/authors", {"name": "x"}, Prefer="return=minimal, return=representation")
    assert (answer.status, answer.text) == (201, "")
    assert answer.headers["preference-applied"] == "return=minimal"


def test_05_form_encoding(client):
    client("PATCH", "/books?id=eq.1", {"title": "a+b c*d%"})
    assert ids(client.get("/books?title=eq.a%2Bb+c*d%25")) == [1]
    assert ids(client.get("/books?title=eq.a%2Bb+c%2Ad%25")) == [1]
    assert ids(client.get("/books?data-%3E%3Ek=eq.2")) == [2]


def test_05_keys_that_repeat_are_joined_by_and(client):
    assert ids(client.get("/books?id=gte.1&id=lt.3")) == [1, 2]
    assert ids(client.get("/books?or=(id.eq.1,id.eq.2)&or=(id.eq.2,id.eq.3)")) == [2]


def test_06_of_repeated_limits_the_last_wins(client):
    answer = client("GET", "/books?order=id&limit=5&limit=1&offset=1")
    assert ids(answer.json) == [2]
    assert ids(client("GET", "/books?order=id&offset=0&offset=2").json) == [3]


def test_07_range_is_limit_and_offset(client):
    assert ids(client.get("/books?order=id&offset=1&limit=2")) == [2, 3]


@pytest.mark.parametrize("select", ["", "?select=id,name", "?select=*"])
def test_08_select_on_writes(client, select):
    answer = client("POST", f"/authors{select}", {"name": "x"}, Prefer="return=representation")
    assert answer.json[0]["name"] == "x"
    (row,) = client("PATCH", f"/authors{select or '?'}&name=eq.x", {"name": "y"}, Prefer="return=representation").json
    assert row["name"] == "y"
    (gone,) = client("DELETE", f"/authors{select or '?'}&name=eq.y", {}, Prefer="return=representation").json
    assert gone["name"] == "y"


def test_08_return_on_reads_and_calls_means_nothing(client):
    assert ids(client.get("/books?select=id", Prefer="return=representation")) == [1, 2, 3]
    assert client("POST", "/rpc/add", {"a": 2}, Prefer="return=representation").json == 3


def test_09_quoted_columns(client):
    rows = [{"name": "p", "born": "2001-01-01"}, {"name": "q"}]
    answer = client("POST", "/authors?columns=%22born%22,%22name%22", rows, Prefer="return=representation")
    assert [(row["name"], row["born"]) for row in answer.json] == [("p", "2001-01-01"), ("q", None)]


def test_09_columns_that_are_in_no_row(client):
    target = "/books?columns=%22title%22,%22pages%22&select=title,pages"
    (row,) = client("POST", target, [{"title": "a"}], Prefer="return=representation").json
    assert row["pages"] is None
    (row,) = client("POST", target, [{"title": "b"}], Prefer="return=representation, missing=default").json
    assert row["pages"] == 100


def test_09_missing_default_where_rows_differ(client):
    rows = (
        '[{"title": "a", "pages": 1, "data": {"n": 1.10}}, {"title": "b", "tags": ["x", "y\\"z"]},'
        ' {"title": "c", "pages": null}]'
    )
    target = "/books?columns=title,pages,data,tags&select=title,pages,data,tags"
    answer = client("POST", target, rows, Prefer="return=representation, missing=default")
    assert answer.json == [
        {"title": "a", "pages": 1, "data": {"n": 1.1}, "tags": []},
        {"title": "b", "pages": 100, "data": None, "tags": ["x", 'y"z']},
        {"title": "c", "pages": None, "data": None, "tags": []},
    ]
    assert '"n": 1.10' in answer.text


def test_10_order_limit_and_filters_on_writes(client):
    client("PATCH", "/books?id=in.(1,2)&order=id.desc&limit=1", {"pages": 7})
    assert [row["pages"] for row in client.get("/books?order=id")] == [300, 7, None]
    assert client("DELETE", "/books?id=in.(1,2)&order=id&limit=1", {}).status == 204
    assert ids(client.get("/books")) == [2, 3]
    answer = client("POST", "/authors?name=eq.1", {"id": 1, "name": "z"}, Prefer="resolution=merge-duplicates")
    assert answer.status == 200


@pytest.mark.parametrize(
    ("literal", "stored"),
    [
        ("{x,y}", ["x", "y", "z"]),
        ('{a,b,c"d,e f,{,}', ["a", "b", 'c"d', "e f", "{", ""]),
        ('{"a,b","c\\"d","e f","{",""}', ["a,b", 'c"d', "e f", "{", ""]),
    ],
)
def test_11_array_literals_of_both_clients(client, literal, stored):
    from urllib.parse import quote_plus

    client("PATCH", "/books?id=eq.1", {"tags": stored})
    assert ids(client.get(f"/books?tags=cs.{quote_plus(literal)}")) == [1]


@pytest.mark.parametrize("literal", ['{"k": 1}', '{"k":1}', '{"k": 1, "s": "x,y"}', '{"k":1,"s":"x,y"}'])
def test_11_json_of_both_clients(client, literal):
    from urllib.parse import quote_plus

    assert ids(client.get(f"/books?data=cs.{quote_plus(literal)}")) == [1]


ODD = ["a,b", "c(d)", 'e"f', "g h", 'a,"b"', "a.b", "a:b", "back\\slash, x", ""]
JS = '("a,b","c(d)",e"f,g h,"a,"b"",a.b,a:b,"back\\slash, x",)'
PY = '("a,b","c(d)","e\\"f",g h,"a,\\"b\\"",a.b,"a:b","back\\\\slash, x",)'


@pytest.mark.parametrize("written", [JS, PY])
def test_12_lists_of_both_clients(client, written):
    from urllib.parse import quote_plus

    for value in ODD:
        client("PATCH", "/books?id=eq.1", {"title": value})
        assert ids(client.get(f"/books?title=in.{quote_plus(written)}")) == [1]


def test_12_empty_lists_and_bare_words(client):
    assert client.get("/books?id=in.()") == []
    assert client.get("/books?title=in.(null,true,1)") == []
    assert ids(client.get("/books?id=in.(1,1,2)")) == [1, 2]


def test_13_quoted_keys(client):
    assert ids(client.get("/books?%22title%22=eq.Notes")) == [2]
    assert ids(client.get("/books?%22%5C%22title%5C%22%22=eq.Notes")) == [2]


def test_14_calls_by_get(client):
    assert client.get("/rpc/joined?texts=%7Ba,b%7D") == "a+b"
    assert client.get("/rpc/joined?texts=%7B%22a,b%22,c%7D") == "a,b+c"
    assert client.get("/rpc/add?a=1&b=null") is None
    assert client.get("/rpc/add?a=1&b=") is None
    assert client("GET", "/rpc/joined?texts=%5Bobject+Object%5D").status == 400


def test_14_a_head_that_has_become_a_post(client):
    answer = client("POST", "/rpc/written", {"author": 1}, Prefer="count=exact,return=minimal")
    assert (answer.status, answer.text, answer.headers["content-range"]) == (204, "", "*/2")


def test_14_arguments_and_filters_share_the_query(client):
    assert ids(client.get("/rpc/written?author=1&author_id=eq.1&id=eq.2")) == [2]
    assert ids(client.get("/rpc/written?author=1&id=gt.0&offset=1&limit=1")) == [2]


@pytest.mark.parametrize(
    "accept",
    [
        'application/vnd.pgrst.plan+text; for="application/json"; options=analyze|verbose;',
        'application/vnd.pgrst.plan+text; for="application/json"; options=;',
        "application/vnd.pgrst.plan+text; options=",
        'application/vnd.pgrst.plan+text; for="application/vnd.pgrst.object+json"; options=;',
    ],
)
def test_15_plans_as_text(client, accept):
    answer = client("GET", "/books?select=*", Accept=accept)
    assert answer.status == 200
    assert "cost=" in answer.text
    assert ("actual" in answer.text) == ("analyze" in accept)


def test_15_plans_as_json(client):
    answer = client("GET", "/books", Accept='application/vnd.pgrst.plan+json; for="application/json"; options=;')
    assert "Plan" in answer.json[0]


def test_16_nulls_are_stripped(client):
    rows = client.get("/books?id=eq.3", Accept="application/vnd.pgrst.array+json;nulls=stripped")
    assert "pages" not in rows[0]
    row = client.get("/books?id=eq.3", Accept="application/vnd.pgrst.object+json;nulls=stripped")
    assert row["title"] == "Compilers"
    assert "data" not in row


def test_17_a_repeated_request(client):
    assert client("GET", "/books", X_Retry_Count="2").status == 200


def test_a_path_with_two_slashes(client):
    assert ids(client.get("//books")) == [1, 2, 3]


@pytest.mark.parametrize("version", ["1.0", "2.0", "url", "alb-multi"])
def test_every_payload(client, version):
    client.version = version
    client.claims = None if version != "1.0" else client.claims
    answer = client("GET", "/books?id=gte.1&id=lt.3&order=id&select=id", Prefer="count=exact")
    assert answer.json == [{"id": 1}, {"id": 2}]
    assert json.loads(answer.text) == answer.json
