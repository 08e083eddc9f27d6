"""Who is calling."""

from kit_aws.boto3 import client
from kit_aws.botocore import aws_errors
from kit_aws.cache import ValueCache

identities: ValueCache[str, str] = ValueCache()


def get_account_id() -> str:
    """Return the account that the credentials belong to, asked for once per process and credentials."""

    def read() -> str:
        with aws_errors("GetCallerIdentity"):
            account: str = client("sts").get_caller_identity()["Account"]
        return account

    return identities.get("account", read, max_age=float("inf"))
