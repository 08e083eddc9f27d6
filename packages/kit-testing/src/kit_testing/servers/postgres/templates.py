"""The templates of one test run: several folders of tests may each have their own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from kit_testing.servers.postgres.databases import Databases
from kit_testing.servers.postgres.rehearsal import Rehearsals
from kit_testing.servers.postgres.server import Postgres

if TYPE_CHECKING:
    from psycopg2.extensions import connection

Template: TypeAlias = Path | Callable[[str], object] | None


class Templates:
    """Make the databases of tests on one server: each template is filled once, by its first use.

    A template is a folder of SQL files, a callable that gets the URL of an empty database, or None.
    """

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._stack = ExitStack()
        self._databases: dict[Template, Databases] = {}
        self._shared: dict[Template, str] = {}
        self._rehearsals: dict[Template, Rehearsals] = {}

    def databases(self, template: Template) -> Databases:
        """Return the databases that are copies of a template."""
        if template not in self._databases:
            self._server.start()  # a test may have killed it
            self._databases[template] = self._stack.enter_context(closing(Databases(self._server, template)))
        return self._databases[template]

    def shared_url(self, template: Template) -> str:
        """Return the URL of the one copy of a template for all tests that roll back."""
        if template not in self._shared:
            self._shared[template] = self._stack.enter_context(self.databases(template).fresh())
        return self._shared[template]

    @contextmanager
    def rehearsal(self, template: Template) -> "Iterator[connection]":
        """Give a `with` block a connection to the shared copy, and roll back its changes."""
        if template not in self._rehearsals:
            url = self.shared_url(template)
            self._rehearsals[template] = self._stack.enter_context(closing(Rehearsals(url)))
        self._server.start()  # a test may have killed it
        with self._rehearsals[template].lend() as connection:
            yield connection

    def close(self) -> None:
        """Drop the databases and templates."""
        self._stack.close()
