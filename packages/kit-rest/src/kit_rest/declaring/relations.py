"""Relations between resources, as the embeds of `select=` use them."""

from __future__ import annotations

from collections.abc import Mapping


class Relation:
    """A relation to the resource named `target`; `hint` is another name of it, such as that of the foreign key.

    on: pairs of a column here and the column there that have to be equal
    """

    to_many = True

    def __init__(self, target: str, on: Mapping[str, str], *, hint: str | None = None) -> None:
        self.target = target
        self.on = dict(on)
        self.hint = hint


class ToOne(Relation):
    """A relation to one row, or none.

    Example:
        >>> relations = {"author": ToOne("authors", {"author_id": "id"})}
    """

    to_many = False


class ToMany(Relation):
    """A relation to any number of rows.

    Example:
        >>> relations = {"copies": ToMany("copies", {"id": "book_id"})}
    """


class ManyToMany(Relation):
    """A relation to any number of rows by a table between.

    on: pairs of a column here and a column of the table between
    then: pairs of a column of the table between and a column of the target

    Example:
        >>> relations = {"tags": ManyToMany("tags", {"id": "book_id"}, through="app.book_tags", then={"tag_id": "id"})}
    """

    def __init__(
        self,
        target: str,
        on: Mapping[str, str],
        *,
        through: str,
        then: Mapping[str, str],
        hint: str | None = None,
    ) -> None:
        super().__init__(target, on, hint=hint)
        self.through = through
        self.then = dict(then)
