"""The resources, and the Lambda handler."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from kit_rest import Api, Claim, Function, ManyToMany, Resource, ToMany, ToOne

from library.model import Author, Book, Copy, Entry, Loan, Member

BRANCH = Claim("branch")
LIBRARIAN: Mapping[str, Any] = dict.fromkeys(("POST", "PUT", "PATCH", "DELETE"), "LIBRARIAN")


class Authors(Resource):
    entity = Author
    table = "library.authors"
    roles = LIBRARIAN
    relations = {
        "books": ManyToMany("books", {"id": "author_id"}, through="library.book_authors", then={"book_id": "id"})
    }


class Books(Resource):
    entity = Book
    table = "library.books"
    roles = LIBRARIAN
    created_at = "created_at"
    last_updated_at = "last_updated_at"
    aggregates = True
    patterns = True
    max_rows = 200
    relations = {
        "authors": ManyToMany("authors", {"id": "book_id"}, through="library.book_authors", then={"author_id": "id"}),
        "copies": ToMany("copies", {"id": "book_id"}),
    }


class Copies(Resource):
    entity = Copy
    table = "library.copies"
    roles = LIBRARIAN
    relations = {
        "book": ToOne("books", {"book_id": "id"}, hint="copies_book_id_fkey"),
        "loans": ToMany("loans", {"id": "copy_id"}),
    }


class Members(Resource):
    """The members of the caller's branch."""

    entity = Member
    table = "library.members"
    key = ("branch", "id")
    roles: ClassVar[Mapping[str, Any]] = {"*": "LIBRARIAN"}
    row_filters = {"branch": BRANCH}
    relations = {"loans": ToMany("loans", {"branch": "branch", "id": "member_id"})}


class Loans(Resource):
    """The loans of the caller's branch. Who has made and changed one is written down; it is changed with If-Match."""

    entity = Loan
    table = "library.loans"
    key: ClassVar[Sequence[str]] = ("uid",)
    methods = ("GET", "POST", "PATCH", "PUT")
    roles: ClassVar[Mapping[str, Any]] = {"*": "LIBRARIAN"}
    row_filters = {"branch": BRANCH}
    if_match = "required"
    uid = "uid"
    created_at = "created_at"
    last_updated_at = "last_updated_at"
    creator_uid = "creator_uid"
    last_updater_uid = "last_updater_uid"
    relations = {
        "member": ToOne("members", {"branch": "branch", "member_id": "id"}),
        "copy": ToOne("copies", {"copy_id": "id"}),
    }


class Catalogue(Resource):
    entity = Entry
    table = "library.catalogue"
    methods = ("GET",)
    version = None


OVERDUE = Function(
    "overdue",
    sql="library.overdue",
    parameters={"branch": "text", "days": "int"},
    optional=["days"],
    claims={"branch": BRANCH},
    returns="rows",
    of="loans",
    reads=True,
    role="LIBRARIAN",
)
ADD = Function("add", sql="library.add", parameters={"a": "int", "b": "int"}, reads=True)

api = Api(
    [Authors, Books, Copies, Members, Loans, Catalogue],
    [OVERDUE, ADD],
    title="Library",
    idempotency="library.answers",
    plans=True,
    rollback=True,
)


def handler(event: dict[str, Any], context: Any) -> Any:
    """Answer a request of the HTTP API."""
    return api(event, context)
