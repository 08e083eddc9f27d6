"""`.Schema` with what is made for marshmallow."""

from decimal import Decimal
from typing import Annotated

import pytest
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from kit_schemas import BaseSchema, field
from marshmallow.validate import Range
from webargs.core import Parser


class Line(BaseSchema):
    sku: str


class Order(BaseSchema):
    amount: Annotated[Decimal, Range(min=1)]
    lines: list[Line] = field(default_factory=list)


class DictParser(Parser):
    """A parser of webargs for requests that are dicts."""

    def get_request_from_view_args(self, view, args, kwargs):
        return args[0]

    def load_json(self, req, schema):
        return req

    def handle_error(self, error, req, schema, **options):
        raise error


def test_apispec_describes_it():
    spec = APISpec("Loans", "1", "3.1.0", plugins=[MarshmallowPlugin()])
    spec.components.schema("Order", schema=Order.Schema)
    schemas = spec.to_dict()["components"]["schemas"]
    assert schemas["Order"]["required"] == ["amount"]
    assert set(schemas["Order"]["properties"]) == {"amount", "lines"}
    assert schemas["Line"]["properties"] == {"sku": {"type": "string"}}


def test_webargs_gives_instances():
    @DictParser().use_args(Order.Schema())
    def create(request, order):
        return order

    assert create({"amount": "5", "lines": [{"sku": "a"}]}) == Order(amount=Decimal(5), lines=[Line(sku="a")])
    with pytest.raises(Exception, match="Missing data for required field"):
        create({})
