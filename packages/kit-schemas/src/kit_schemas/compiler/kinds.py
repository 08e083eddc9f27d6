"""The kinds of marshmallow's fields and of ours, by which the generated code knows how a value is read and written."""

from marshmallow import fields

from kit_schemas import extra_fields, strict
from kit_schemas.schema import NestedField
from kit_schemas.union import UnionField

KINDS: dict[type, str] = {
    fields.String: "string",
    fields.Email: "email",
    fields.Url: "url",
    fields.Integer: "integer",
    fields.Float: "float",
    fields.Boolean: "boolean",
    fields.UUID: "uuid",
    fields.DateTime: "datetime",
    fields.AwareDateTime: "aware_datetime",
    fields.NaiveDateTime: "naive",
    fields.Date: "date",
    fields.Time: "time",
    fields.TimeDelta: "timedelta",
    fields.Enum: "enum",
    fields.Raw: "raw",
    fields.List: "list",
    fields.Tuple: "tuple",
    fields.Dict: "dict",
    extra_fields.AwareField: "aware",
    extra_fields.CollectionField: "collection",
    extra_fields.ListField: "list",
    extra_fields.TupleField: "split_tuple",
    extra_fields.DecimalField: "decimal",
    extra_fields.TimeDeltaField: "timedelta",
    NestedField: "nested",
    UnionField: "union",
    strict.StrictString: "strict_string",
    strict.StrictFloat: "strict_float",
    strict.StrictBoolean: "strict_boolean",
    strict.StrictDecimal: "strict_decimal",
    strict.StrictUUID: "strict_uuid",
    strict.StrictDate: "strict_date",
    strict.StrictDateTime: "strict_datetime",
    strict.StrictEnum: "strict_enum",
    strict.StrictTime: "strict_time",
    strict.StrictTimeDelta: "strict_timedelta",
}
