"""Requests that try to get around the rules."""

from urllib.parse import quote_plus


def test_a_number_of_a_json_path_is_no_comment(client):
    # The step would begin a comment, which the line break in the value would end.
    stolen = "(select (select string_agg(secret, chr(44)) from library.authors) as id)"
    value = f"\n1) is null or true limit 1) p2, lateral {stolen} r3 --"
    for step in ('"--5"', '"---5"', '"--1"'):
        answer = client("GET", f"/books?select=id&{quote_plus(f'data->{step}')}=eq.{quote_plus(value)}")
        assert answer.status == 400, answer
        assert answer.json["code"] == "22P02"
        assert client.get(f"/books?select=id,x:{quote_plus(f'data->{step}')}&id=eq.1") == [{"id": 1, "x": None}]
    assert client.get("/books?select=x:data->deep->z->-1&id=eq.1") == [{"x": 2}]
