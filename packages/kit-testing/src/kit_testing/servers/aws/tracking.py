"""moto's lists of everything that it has ever made, for a page that shows it.

They keep it until a reset: a backend that runs for hours would fill the memory, and so would DynamoDB's transactions,
each of which copies whole tables. S3 alone needs its lists, to close its files.
"""

from typing import Any

from moto.core.common_models import BaseModel

_track = BaseModel.__new__


def install() -> None:
    """Let moto keep no such lists, in this process."""
    BaseModel.__new__ = new  # type: ignore[method-assign]


def new(cls: type[BaseModel], *args: Any, **options: Any) -> BaseModel:
    """Make an instance, and track it only if it is S3's."""
    return _track(cls, *args, **options) if cls.__module__.startswith("moto.s3.") else object.__new__(cls)
