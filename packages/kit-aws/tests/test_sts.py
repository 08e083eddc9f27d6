"""Who is calling."""

from typing import Any

import kit_aws


def test_the_account_is_that_of_the_credentials(aws: Any) -> None:
    assert kit_aws.get_account_id() == aws.account
