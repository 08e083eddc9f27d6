"""The answer that `aws_lambda_handler` makes."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# The set that clients of this format know. Browsers refuse "*" for requests with credentials, whatever the last one
# says: answers to pages that send cookies name their origin (`create(..., headers=...)`).
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Allow-Methods": "*",
    "Access-Control-Allow-Credentials": "true",
}


class LambdaResponse(dict[str, "Any"]):
    """Hold an answer: a dict as Lambda wants it, whose keys can also be read as attributes."""

    @classmethod
    def create(
        cls,
        body: "Any",
        content_type: str = "application/json",
        status_code: int = 200,
        charset: str = "UTF-8",
        *,
        headers: "Mapping[str, str] | None" = None,
    ) -> "LambdaResponse":
        """Return an answer: a str body is sent as it is, any other as JSON. `headers` go over the defaults.

        Raises TypeError or ValueError for a body that has no form in JSON.
        """
        if not isinstance(body, str):
            from kit_core.json import dumps

            body = dumps(body)
        elif not body.isascii():
            from kit_handler.http.fields import transportable

            body = transportable(body)
        kind = content_type if "charset=" in content_type or not charset else f"{content_type}; charset={charset}"
        return cls(
            statusCode=int(status_code),
            headers={**_CORS, "Content-Type": kind, **(headers or {})},
            body=body,
            isBase64Encoded=False,
        )

    @property
    def statusCode(self) -> int:  # noqa: N802  (Lambda's own name)
        """The status."""
        return int(self["statusCode"])

    @property
    def headers(self) -> dict[str, str]:
        """The header fields."""
        fields: dict[str, str] = self["headers"]
        return fields

    @property
    def body(self) -> str:
        """The body as text."""
        return str(self["body"])

    @property
    def isBase64Encoded(self) -> bool:  # noqa: N802  (Lambda's own name)
        """Whether the body is base64."""
        return bool(self["isBase64Encoded"])
