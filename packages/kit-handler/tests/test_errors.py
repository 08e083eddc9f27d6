"""The errors: one root, and each survives a process boundary."""

import inspect
import pickle
from typing import Any

import kit_handler
import pytest
from kit_handler import errors

MADE: list[errors.HandlerError] = [
    errors.HandlerError("what is wrong"),
    errors.HttpError(418, "I'm a teapot", id="teapot", headers={"X-Pot": "yes"}),
    errors.BadRequestError("must be positive", field="amount"),
    errors.InvalidRequestError([{"id": "invalid_a", "message": "is required", "field": "a"}]),
    errors.UnauthorizedError(),
    errors.ForbiddenError(),
    errors.NotFoundError("No such loan"),
    errors.ConflictError(),
    errors.TooManyRequestsError(retry_after=7),
    errors.ServiceUnavailableError(),
    errors.TimeUpError(),
    errors.AppError("B00001", "Missing request body", {"body": None}),
    errors.ConfigurationError("NAME is not set"),
    errors.InvalidInterceptorError("text", "not a class"),
    errors.AnnotationError("create", int, "is missing"),
    errors.InvalidResponseError("create", 7),
    errors.ResponseTooLargeError(size=7_000_000, limit=6_291_556),
    errors.StreamInterruptedError("report"),
    errors.UnhandledSourceError(["Records"]),
    errors.PermanentError("there is no amount"),
    errors.TriggerError("Unauthorized"),
    errors.DeadlineError(remaining=0.5, margin=1.0),
]


def test_all_are_here() -> None:
    public = {name for name, kind in inspect.getmembers(errors, inspect.isclass) if not name.startswith("_")}
    assert {type(error).__name__ for error in MADE} == public
    assert public <= set(kit_handler.__all__)


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_it_has_the_root_and_pickles(error: Any) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, kit_handler.HandlerError)
    assert (type(again), str(again), again.args, vars(again)) == (type(error), str(error), error.args, vars(error))
