"""kit-schemas under strict type checkers: the documented calls, and the types that come out of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, ClassVar, Generic, Literal, Self, TypeVar, assert_type
from uuid import UUID

import marshmallow
from kit_schemas import (
    EXCLUDE,
    RAISE,
    BaseEntity,
    BaseParams,
    BaseSchema,
    Discriminator,
    EventSchema,
    SchemaDefinitionError,
    UndumpableValueError,
    ValidationError,
    field,
    generated_source,
    openapi_components,
    set_compiled,
)
from marshmallow import post_load, pre_load, validates, validates_schema
from marshmallow.validate import Length, Range

T = TypeVar("T")


class Status(Enum):
    OPEN = "open"
    PAID = "paid"


class Line(BaseSchema, strict=True):
    sku: Annotated[str, Length(min=1)]
    price: Annotated[Decimal, Range(min=Decimal(0))]
    tags: set[str] = field(default_factory=set)
    meta: dict[str, Any] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)
    kinds: frozenset[str] = field(default_factory=frozenset)
    note: str | None = None

    @validates("sku")
    def check(self, value: str, data_key: str) -> None:
        if value == "x":
            raise ValidationError("no")

    @validates_schema
    def whole(self, data: dict[str, Any], **options: Any) -> None:
        if "note" in data and not data["note"]:
            raise ValidationError("empty", "note")

    @pre_load
    def lower(self, data: Mapping[str, Any], **options: Any) -> dict[str, Any]:
        return {name.lower(): value for name, value in data.items()}

    @post_load
    def done(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        return data


class Card(BaseSchema):
    kind: Literal["card"]


class Transfer(BaseSchema):
    kind: Literal["transfer"]


class Order(BaseSchema, unknown=RAISE, default_timezone=UTC):
    version: ClassVar[str] = "1"

    id: UUID
    name: str = field(data_key="userName")
    password: str = field(load_only=True)
    number: int = field(default=0, dump_only=True)
    lines: list[Line] = field(default_factory=list)
    by: Annotated[Card | Transfer, Discriminator("kind")] | None = None
    status: Status = Status.OPEN
    placed_at: datetime | None = None
    parent: Self | None = None
    amount: Decimal = field(default=Decimal(0), validate=Range(min=0), metadata={"description": "in euros"})


class Page(BaseSchema, Generic[T]):
    items: list[T]


class Lines(Page[Line]):
    count: int = 0


class Loan(BaseEntity):
    amount: Decimal


class LoanApproved(EventSchema):
    type: ClassVar[str] = "loan.approved"

    amount: Decimal


class LoanQuery(BaseParams):
    limit: Annotated[int, Range(max=100)] = 20
    status: list[str] | None = None
    corner: tuple[int, int] = (0, 0)


class AddressSchema(marshmallow.Schema):
    street = marshmallow.fields.String(required=True)


def load_and_dump(data: dict[str, Any], text: bytes) -> None:
    """Load, change and dump."""
    line = Line(sku="a", price=Decimal(1))
    assert_type(Line.load(data), Line)
    assert_type(Line.load(data, unknown=EXCLUDE, partial=True), Line)
    assert_type(Line.load(data, partial=("sku", "lines.price")), Line)
    assert_type(Line.load([data], many=True), list[Line])
    assert_type(Line.loads(text), Line)
    assert_type(Line.loads("[]", many=True, unknown=RAISE), list[Line])
    assert_type(line.dump(), dict[str, Any])
    assert_type(line.dump(skip_none=True), dict[str, Any])
    assert_type(Line.dump([line], many=True), list[dict[str, Any]])
    assert_type(Line.dump(iter([line]), many=True, skip_none=True), list[dict[str, Any]])
    assert_type(line.dumps(), str)
    assert_type(Line.dumps([line], many=True), str)
    assert_type(line.replace(price=Decimal(2)), Line)
    assert_type(line.tags, set[str])
    assert_type(line.meta, dict[str, Any])
    assert_type(Lines.load(data).items, list[Line])
    assert_type(vars(line), dict[str, Any])


def classes(loan: Loan, order: Order) -> None:
    """Read fields, and use the class with marshmallow and OpenAPI."""
    assert_type(loan.uid, UUID)
    assert_type(loan.created_at, datetime)
    assert_type(order.parent, Order | None)
    assert_type(order.by, Card | Transfer | None)
    assert_type(LoanApproved(aggregate_id=loan.uid, amount=loan.amount).get_type(), str)
    assert_type(LoanQuery.load({}).limit, int)
    assert_type(LoanQuery().corner, tuple[int, int])
    assert_type(Order.json_schema(), dict[str, Any])
    assert_type(openapi_components(Order, Loan), dict[str, Any])
    assert_type(generated_source(Order), str)
    schema: marshmallow.Schema = Order.Schema(only=("id",))
    address: type[Any] = BaseSchema.from_schema(AddressSchema)
    print(schema, address.load({"street": "x"}), marshmallow.fields.Nested(Order.Schema))
    set_compiled(False)


def errors(data: Any) -> Any:
    """Catch what load and dump raise."""
    try:
        return Order.load(data).dump()
    except ValidationError as error:
        return error.messages
    except UndumpableValueError as error:
        return error.field
    except SchemaDefinitionError as error:
        return f"{error.owner}.{error.field}"


def wrong(line: Line, data: dict[str, Any]) -> None:
    """Make mistakes that a type checker finds."""
    Line(sku="a")  # pyright: ignore[reportCallIssue]
    Line("a", Decimal(1))  # pyright: ignore[reportCallIssue]
    Line(sku="a", price=Decimal(1), skew="b")  # pyright: ignore[reportCallIssue]
    Line(sku=1, price=Decimal(1))  # pyright: ignore[reportArgumentType]
    line.skew = "b"  # pyright: ignore[reportAttributeAccessIssue]
    Line.load(data, unknown="forbid")  # pyright: ignore[reportArgumentType]
    Line.dump([line])  # pyright: ignore[reportArgumentType]
    Line.dump([1], many=True)  # pyright: ignore[reportArgumentType, reportCallIssue]
    field(required=True)  # pyright: ignore[reportCallIssue]
    field(default=1, default_factory=int)  # pyright: ignore[reportCallIssue]
