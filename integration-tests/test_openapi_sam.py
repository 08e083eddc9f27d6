"""What kit-handler says of its routes is what SAM takes as an API's definition."""

from typing import Any
from uuid import UUID

import pytest
from kit_handler import Response, Router
from kit_handler.openapi import openapi
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

app = Router("/shop", role="SHOPPER")


@app.get("/items/{id:uuid}")
def get_item(id: UUID) -> Response:  # noqa: A002
    """Return an item."""
    return Response.ok({"id": id})


@app.post("/items")
def add_item(body: dict[str, Any]) -> Response:
    """Add an item."""
    return Response.created(body)


@pytest.mark.parametrize(
    ("kind", "properties"),
    [("Api", {"StageName": "live"}), ("HttpApi", {})],
)
def test_sam_takes_the_document_as_definition_body(
    monkeypatch: pytest.MonkeyPatch, kind: str, properties: dict[str, Any]
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    document = openapi(app, title="Shop", version="1.0.0")
    template = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "Shop": {"Type": f"AWS::Serverless::{kind}", "Properties": {**properties, "DefinitionBody": document}}
        },
    }
    translated = Translator({}, Parser()).translate(template, {}, feature_toggle=None)
    [api] = [
        r
        for r in translated["Resources"].values()
        if r["Type"] in ("AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api")
    ]
    assert set(api["Properties"]["Body"]["paths"]) >= {"/shop/items/{id}", "/shop/items"}
