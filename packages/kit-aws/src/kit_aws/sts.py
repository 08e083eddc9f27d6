"""Who is calling."""

from kit_aws.cache import ValueCache
from kit_aws.calls.call import perform
from kit_aws.calls.early import load_early_model

identities: ValueCache[str, str] = ValueCache()


def get_account_id() -> str:
    """Return the account that the credentials belong to, asked for once per process and credentials."""

    def read() -> str:
        account: str = perform("sts", "GetCallerIdentity", {})["Account"]
        return account

    return identities.get("account", read, max_age=float("inf"))


load_early_model("sts")
