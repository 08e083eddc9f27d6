"""Resource: the class by which a table or view becomes visible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from kit_rest.declaring.claims import Claim
from kit_rest.declaring.relations import Relation

if TYPE_CHECKING:
    from kit_handler import Request

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

Row = dict[str, Any]


class Resource:
    """A table or view as a REST resource. Subclass it and name the visible parts; nothing else is visible.

    entity: a kit-schemas class (or another annotated class) whose fields are the columns
    table: the table's name, with the schema in front where it is not `public`; by default that of the resource
    name: the name in the path; by default the class's in lower case
    schema: the name that profile headers call the resource's schema by
    key: the columns of the primary key
    methods: the allowed methods; a view has `("GET",)`. HEAD comes with GET, OPTIONS always
    readable, writable, filterable, sortable: columns; all that are there by default
    relations: `ToOne`, `ToMany` and `ManyToMany` by name
    computed: columns that a function of the row makes: `{"full_name": "app.full_name"}`
    text_search: the columns of type tsvector, which the full text operators take as they are
    json: columns of type json or jsonb whose annotation does not say so (a list)
    row_filters: columns that have to equal a claim, in everything that is read and written
    roles, scopes: the needed ones by method, as `role=` and `scope=` of kit-handler's `route` take it; `"*"` is
        for methods that are not named
    page_size: rows of a page if the request has no limit; max_rows: the most that one answer has
    aggregates: whether `amount.sum()` and the like are answered
    patterns: whether `match` and `imatch` are answered: a pattern may keep the server busy for long
    uid, created_at, last_updated_at, creator_uid, last_updater_uid: the columns that are set automatically, None for
        a column that the table lacks
    actor: the claim that the last two get
    version: the column whose value changes with each write, for ETags; by default PostgreSQL's `xmin`, None for a view
    if_match: `required` answers 428 to a PATCH, PUT or DELETE without If-Match
    unfiltered_writes: whether PATCH and DELETE without a filter may touch the whole table

    Example:
        >>> class Books(Resource):
        ...     entity = Book
        ...     table = "library.books"
        ...     row_filters = {"tenant_id": Claim("tenant")}
        ...     relations = {"author": ToOne("authors", {"author_id": "id"})}
    """

    entity: ClassVar[type[Any]]
    table: ClassVar[str | None] = None
    name: ClassVar[str | None] = None
    schema: ClassVar[str | None] = None
    key: ClassVar[Sequence[str]] = ("id",)
    methods: ClassVar[Sequence[str]] = METHODS
    readable: ClassVar[Sequence[str] | None] = None
    writable: ClassVar[Sequence[str] | None] = None
    filterable: ClassVar[Sequence[str] | None] = None
    sortable: ClassVar[Sequence[str] | None] = None
    relations: ClassVar[Mapping[str, Relation]] = {}
    computed: ClassVar[Mapping[str, str]] = {}
    text_search: ClassVar[Sequence[str]] = ()
    json: ClassVar[Sequence[str]] = ()
    row_filters: ClassVar[Mapping[str, Claim]] = {}
    roles: ClassVar[Mapping[str, Any]] = {}
    scopes: ClassVar[Mapping[str, Any]] = {}
    page_size: ClassVar[int | None] = None
    max_rows: ClassVar[int] = 1000
    aggregates: ClassVar[bool] = False
    patterns: ClassVar[bool] = False
    uid: ClassVar[str | None] = None
    created_at: ClassVar[str | None] = None
    last_updated_at: ClassVar[str | None] = None
    creator_uid: ClassVar[str | None] = None
    last_updater_uid: ClassVar[str | None] = None
    actor: ClassVar[Claim] = Claim("sub")
    version: ClassVar[str | None] = "xmin"
    if_match: ClassVar[str] = "optional"
    unfiltered_writes: ClassVar[bool] = False

    def before_create(self, rows: list[Row], request: Request) -> list[Row]:
        """Return the rows to insert; raise RestError to refuse them."""
        return rows

    def after_create(self, rows: list[Row], request: Request) -> None:
        """See the rows that were inserted, in their transaction."""

    def before_read(self, request: Request) -> None:
        """See a request to read before anything is read; raise RestError to refuse it."""

    def before_update(self, changes: Row, request: Request) -> Row:
        """Return the changes to make; raise RestError to refuse them."""
        return changes

    def after_update(self, rows: list[Row], request: Request) -> None:
        """See the rows that were changed, in their transaction."""

    def before_delete(self, request: Request) -> None:
        """See a request to delete before anything is deleted; raise RestError to refuse it."""

    def after_delete(self, rows: list[Row], request: Request) -> None:
        """See the rows that were deleted, in their transaction."""

    def events(self, action: str, rows: list[Row], request: Request) -> list[Any]:
        """Return the events that announce a write: `action` is `created`, `updated` or `deleted`."""
        return []
