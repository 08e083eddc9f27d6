"""OpenAPI 3.1 of a Router: `openapi(app)`, and JSON Schema of annotations in `schemas`."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit_handler.openapi.document import openapi
else:

    def __getattr__(name):
        if name == "openapi":
            from kit_handler.openapi.document import openapi

            return openapi
        raise AttributeError(f"module 'kit_handler.openapi' has no attribute {name!r}")


__all__ = ["openapi"]
