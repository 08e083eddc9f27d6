"""AWS Security Token Service. Written by scripts/aws_models.py: change it there."""

from kit_aws.calls.model import Operation, Service

SERVICE = Service(
    name="sts",
    protocol="query",
    api_version="2011-06-15",
    endpoint="sts",
    signing_name="sts",
    variable="STS",
    content_type="",
    target="",
    is_query_compatible=False,
    retryable=(),
    operations={
        "GetCallerIdentity": Operation(
            "GetCallerIdentity", "POST", "/", "GetCallerIdentityRequest", "GetCallerIdentityResponse", "", ()
        ),
    },
    errors={},
    shapes={
        "GetCallerIdentityRequest": ("structure", {}, ()),
        "GetCallerIdentityResponse": (
            "structure",
            {"UserId": "userIdType", "Account": "accountType", "Arn": "arnType"},
            (),
        ),
        "accountType": ("string",),
        "arnType": ("string", 20),
        "userIdType": ("string",),
    },
)
