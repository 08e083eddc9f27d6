"""PostgREST's dialect inside a Lambda function: declared resources in PostgreSQL as a REST API.

Names are loaded when they are first used.
"""

__all__ = [
    "Api",
    "Claim",
    "Function",
    "ManyToMany",
    "Resource",
    "ResourceDefinitionError",
    "RestError",
    "RowSecurity",
    "ToMany",
    "ToOne",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit_rest.api import Api
    from kit_rest.database.session import RowSecurity
    from kit_rest.declaring.claims import Claim
    from kit_rest.declaring.functions import Function
    from kit_rest.declaring.relations import ManyToMany, ToMany, ToOne
    from kit_rest.declaring.resource import Resource
    from kit_rest.errors import ResourceDefinitionError, RestError
else:
    _HOMES = {
        "api": ("Api",),
        "database.session": ("RowSecurity",),
        "declaring.claims": ("Claim",),
        "declaring.functions": ("Function",),
        "declaring.relations": ("ManyToMany", "ToMany", "ToOne"),
        "declaring.resource": ("Resource",),
        "errors": ("ResourceDefinitionError", "RestError"),
    }

    def __getattr__(name):
        for module, names in _HOMES.items():
            if name in names:
                value = getattr(__import__(f"kit_rest.{module}", fromlist=[name]), name)
                globals()[name] = value
                return value
        raise AttributeError(f"module 'kit_rest' has no attribute {name!r}")

    def __dir__():
        return sorted({*globals(), *__all__})
