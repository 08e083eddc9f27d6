"""Loading a service's description in Lambda's init phase."""

from functools import partial

from kit_core.loading import load_early

from kit_aws.calls.model import service_of


def load_early_model(name: str) -> None:
    """Load the description of a service in Lambda's init phase, for code whose import says that it will be called."""
    load_early(partial(_load_early, name))


def _load_early(name: str) -> None:
    from kit_aws.calls import times  # noqa: F401

    if service_of(name).protocol == "query":
        import pyexpat  # noqa: F401

        from kit_aws.calls import query, xml  # noqa: F401
