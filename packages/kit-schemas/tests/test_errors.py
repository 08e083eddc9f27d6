import copy
import pickle

import pytest
from kit_schemas import BaseSchema, SchemaDefinitionError, SchemasError, ValidationError


class Wrong(BaseSchema):
    thing: complex


def test_a_wrong_class_is_named():
    with pytest.raises(SchemaDefinitionError) as caught:
        Wrong.load({})
    error = caught.value
    assert (error.owner, error.field) == ("Wrong", "thing")
    assert str(error).startswith("Wrong.thing: no field for the type")
    assert isinstance(error, (SchemasError, TypeError))
    assert str(SchemaDefinitionError("is wrong", owner="Wrong")) == "Wrong: is wrong"


@pytest.mark.parametrize(
    "error",
    [
        SchemaDefinitionError("is wrong", owner="Wrong", field="thing"),
        SchemaDefinitionError("is wrong", owner="Wrong"),
        ValidationError({"thing": ["is wrong"]}),
    ],
)
def test_errors_come_out_of_another_process_as_they_are(error):
    for made in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert (type(made), str(made), vars(made)) == (type(error), str(error), vars(error))
