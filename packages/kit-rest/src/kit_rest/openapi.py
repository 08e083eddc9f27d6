"""The OpenAPI document (3.1) of an Api."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from kit_rest.declaring.columns import Column, bare
from kit_rest.declaring.tables import ETAG, Routine, Table

Document = dict[str, Any]

_KINDS: tuple[tuple[type, Document], ...] = (
    (bool, {"type": "boolean"}),
    (int, {"type": "integer"}),
    (float, {"type": ["number", "string"]}),  # NaN and infinities are texts
    (Decimal, {"type": ["number", "string"]}),
    (str, {"type": "string"}),
    (UUID, {"type": "string", "format": "uuid"}),
    (datetime, {"type": "string", "format": "date-time"}),
    (date, {"type": "string", "format": "date"}),
    (time, {"type": "string"}),
    (timedelta, {"type": "string"}),
    (bytes, {"type": "string"}),
)
_NUMBERS = ("int", "integer", "bigint", "smallint")
_PAGE = (("limit", {"type": "integer", "minimum": 0}), ("offset", {"type": "integer", "minimum": 0}))
_WRITES = ("POST", "PUT", "PATCH", "DELETE")


def document(tables: Iterable[Table], routines: Iterable[Routine], *, title: str, version: str) -> Document:
    """Return the document of these resources and functions."""
    listed, called = list(tables), list(routines)
    schemas: Document = {"Error": _error()}
    paths: Document = {}
    for table in listed:
        schemas[table.name] = _row(table)
        paths[f"/{table.name}"] = _table(table)
    for routine in called:
        paths[f"/rpc/{routine.name}"] = _function(routine)
    paths["/batch"] = {"post": _batch()}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _error() -> Document:
    text: Document = {"type": ["string", "null"]}
    names = ("code", "message", "details", "hint", "type", "title", "detail")
    properties = {**dict.fromkeys(names, text), "status": {"type": "integer"}}
    return {"type": "object", "properties": properties, "required": ["code", "message", "status"]}


def _row(table: Table) -> Document:
    columns = [each for each in table.columns.values() if each.readable and each.name != ETAG]
    return {"type": "object", "properties": {each.name: _column(each) for each in columns}}


def _column(column: Column) -> Document:
    schema: Document = {} if column.json else _schema(column.hint)
    if column.nullable and "type" in schema:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        schema = {**schema, "type": [*kinds, "null"]}
    return schema if column.writable else {**schema, "readOnly": True}


def _schema(hint: Any) -> Document:
    kind, _ = bare(hint)
    origin = typing.get_origin(kind) or kind
    if origin in (list, set, frozenset, tuple):
        return {"type": "array"}
    for known, schema in _KINDS:
        if isinstance(origin, type) and issubclass(origin, known):
            return dict(schema)
    return {}


def _query(name: str, schema: Document, description: str) -> Document:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def _header(name: str, description: str) -> Document:
    return {"name": name, "in": "header", "required": False, "schema": {"type": "string"}, "description": description}


def _table(table: Table) -> Document:
    filters = [
        _query(each.name, {"type": "string"}, "A filter: an operator, a dot and a value, as in eq.1")
        for each in table.columns.values()
        if each.filterable and each.readable
    ]
    select = _query("select", {"type": "string"}, "Columns and embedded relations, with commas between them")
    order = _query("order", {"type": "string"}, "Columns with .asc or .desc")
    pages = [_query(name, schema, f"The {name}") for name, schema in _PAGE]
    prefer = _header("Prefer", "return=, count=, resolution=, missing=, handling=, timezone=, tx=, max-affected=")
    made: Document = {}
    if "GET" in table.methods:
        made["get"] = _operation(
            f"Read {table.name}",
            [*filters, select, order, *pages, prefer],
            {"200": _rows(table), "206": _rows(table), "304": {"description": "Not modified"}},
        )
    for method in _WRITES:
        if method in table.methods:
            parameters = (
                [prefer, select] if method == "POST" else [*filters, select, prefer, _header("If-Match", "An ETag")]
            )
            made[method.lower()] = _operation(
                f"{method} {table.name}",
                parameters,
                {"200": _rows(table), "201": _rows(table), "204": {"description": "Done"}},
                None if method == "DELETE" else _body(table),
            )
    return made


def _operation(
    summary: str, parameters: Sequence[Document], answers: Document, body: Document | None = None
) -> Document:
    responses = {**answers, "default": _content("An error", {"$ref": "#/components/schemas/Error"}, "problem+json")}
    operation: Document = {"summary": summary, "parameters": list(parameters), "responses": responses}
    return {**operation, "requestBody": body} if body else operation


def _content(description: str, schema: Document, kind: str = "json") -> Document:
    return {"description": description, "content": {f"application/{kind}": {"schema": schema}}}


def _rows(table: Table) -> Document:
    return _content("The rows", {"type": "array", "items": {"$ref": f"#/components/schemas/{table.name}"}})


def _body(table: Table) -> Document:
    row = {"$ref": f"#/components/schemas/{table.name}"}
    schema = {"oneOf": [row, {"type": "array", "items": row}]}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _function(routine: Routine) -> Document:
    given = {name: kind for name, kind in routine.types.items() if name not in routine.function.claims}
    properties = {name: _type(kind) for name, kind in given.items()}
    body = {"type": "object", "properties": properties, "required": routine.required}
    answers: Document = {"200": _content("The result", {}), "204": {"description": "Done"}}
    made: Document = {
        "post": _operation(
            f"Call {routine.name}", [], answers, {"required": True, "content": {"application/json": {"schema": body}}}
        )
    }
    if routine.function.reads:
        parameters = [
            {"name": name, "in": "query", "required": name in routine.required, "schema": {"type": "string"}}
            for name in given
        ]
        made["get"] = _operation(f"Call {routine.name}", parameters, {**answers, "206": answers["200"]})
    return made


def _type(kind: str) -> Document:
    if kind.endswith("[]"):
        return {"type": "array"}
    if kind in _NUMBERS:
        return {"type": ["integer", "null"]}
    return {} if kind in ("json", "jsonb") else {"type": ["string", "number", "boolean", "null"]}


def _batch() -> Document:
    operation = {
        "type": "object",
        "properties": {
            "method": {"type": "string", "enum": ["GET", *_WRITES]},
            "path": {"type": "string"},
            "headers": {"type": "object", "additionalProperties": {"type": "string"}},
            "body": {},
        },
        "required": ["method", "path"],
    }
    schema = {"type": "object", "properties": {"operations": {"type": "array", "items": operation}}}
    body = {"required": True, "content": {"application/json": {"schema": {**schema, "required": ["operations"]}}}}
    answer = {"type": "object", "properties": {"results": {"type": "array"}}}
    return _operation("Do several operations in one transaction", [], {"200": _content("The answers", answer)}, body)
