import copy
import importlib
import pickle
import pkgutil

import kit_schemas
import pytest
from kit_schemas import BaseSchema, SchemaDefinitionError, SchemasError, ValidationError
from kit_schemas.compiler.doubts import Unusual


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


def error_classes():
    """Return every exception class that a module of the package defines, in the order of their names."""
    for found in pkgutil.walk_packages(kit_schemas.__path__, "kit_schemas."):
        importlib.import_module(found.name)
    known, waiting = set(), [Exception]
    while waiting:
        for each in waiting.pop().__subclasses__():
            waiting.append(each)
            if each.__module__.partition(".")[0] == "kit_schemas":
                known.add(each)
    return sorted(known - {Unusual}, key=lambda each: each.__name__)  # which load and dump catch


@pytest.mark.parametrize("kind", error_classes())
def test_every_error_is_one_of_the_root_and_exported(kind):
    assert issubclass(kind, SchemasError)
    assert getattr(kit_schemas, kind.__name__) is kind


@pytest.mark.parametrize(
    "error",
    [
        *(kind("is wrong") for kind in error_classes() if kind is not SchemaDefinitionError),
        SchemaDefinitionError("is wrong", owner="Wrong", field="thing"),
        SchemaDefinitionError("is wrong", owner="Wrong"),
        ValidationError({"thing": ["is wrong"]}),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_come_out_of_another_process_as_they_are(error):
    for made in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert (type(made), str(made), vars(made)) == (type(error), str(error), vars(error))
