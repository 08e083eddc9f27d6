"""PostgreSQL from AWS Lambda: one warm connection, transactions, typed stores.

Names are loaded when they are first used: a function that only runs statements pays nothing for stores.
"""

__all__ = [
    "BaseAction",
    "BaseStore",
    "CheckViolationError",
    "CommitUnknownError",
    "Database",
    "DatabaseAuthenticationError",
    "DatabaseConnectionError",
    "DatabaseCredentialError",
    "DatabaseError",
    "DeadlockError",
    "DiskFullError",
    "ExclusionViolationError",
    "ForeignKeyViolationError",
    "InsufficientPrivilegeError",
    "IntegrityError",
    "InvalidCursorError",
    "InvalidLimitError",
    "InvalidValueError",
    "KeyNotUniqueError",
    "NoAnswerError",
    "NotNullViolationError",
    "Page",
    "ReadOnlyError",
    "RowNotFoundError",
    "SerializationError",
    "StaleRowError",
    "StatementCancelledError",
    "StatementError",
    "StatementTimeoutError",
    "Store",
    "StoreDefinitionError",
    "TooManyConnectionsError",
    "TooManyRowsError",
    "TransactionAbortedError",
    "TransactionRequiredError",
    "UniqueViolationError",
    "UnitOfWork",
    "UnknownColumnError",
    "UnreadableRowError",
    "default_database",
    "scoped_session",
    "set_default_database",
    "transactional",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit_db.database import Database
    from kit_db.defaults import default_database, scoped_session, set_default_database, transactional
    from kit_db.errors import (
        CheckViolationError,
        CommitUnknownError,
        DatabaseAuthenticationError,
        DatabaseConnectionError,
        DatabaseCredentialError,
        DatabaseError,
        DeadlockError,
        DiskFullError,
        ExclusionViolationError,
        ForeignKeyViolationError,
        InsufficientPrivilegeError,
        IntegrityError,
        InvalidCursorError,
        InvalidLimitError,
        InvalidValueError,
        KeyNotUniqueError,
        NoAnswerError,
        NotNullViolationError,
        ReadOnlyError,
        RowNotFoundError,
        SerializationError,
        StaleRowError,
        StatementCancelledError,
        StatementError,
        StatementTimeoutError,
        StoreDefinitionError,
        TooManyConnectionsError,
        TooManyRowsError,
        TransactionAbortedError,
        TransactionRequiredError,
        UniqueViolationError,
        UnknownColumnError,
        UnreadableRowError,
    )
    from kit_db.stores.pages import Page
    from kit_db.stores.store import BaseStore, Store
    from kit_db.unit_of_work import BaseAction, UnitOfWork
else:
    _HOMES = {
        "database": ("Database",),
        "defaults": ("default_database", "scoped_session", "set_default_database", "transactional"),
        "errors": tuple(name for name in __all__ if name.endswith("Error")),
        "stores.pages": ("Page",),
        "stores.store": ("BaseStore", "Store"),
        "unit_of_work": ("BaseAction", "UnitOfWork"),
    }

    def __getattr__(name):
        for module, names in _HOMES.items():
            if name in names:
                value = getattr(__import__(f"kit_db.{module}", fromlist=[name]), name)
                globals()[name] = value
                return value
        raise AttributeError(f"module 'kit_db' has no attribute {name!r}")

    def __dir__():
        return sorted({*globals(), *__all__})
