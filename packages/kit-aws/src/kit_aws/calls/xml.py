"""XML documents of answers, as plain elements, without namespaces."""

from typing import Any, NamedTuple


class Element(NamedTuple):
    """Hold an element: its name without a prefix, its children, and the text in it."""

    name: str
    children: list["Element"]
    texts: list[str]

    @property
    def text(self) -> str:
        """Return the text."""
        return "".join(self.texts)

    def find(self, name: str) -> "Element | None":
        """Return the last child of that name."""
        return next((child for child in reversed(self.children) if child.name == name), None)

    def text_of(self, name: str) -> str | None:
        """Return the text of a child, or None if there is no such child."""
        found = self.find(name)
        return None if found is None else found.text


def parsed(document: bytes) -> Element:
    """Return the root of a document. Raise ValueError for one that is not well-formed or has a DOCTYPE."""
    from pyexpat import ExpatError, ParserCreate

    root = Element("", [], [])
    open_elements = [root]

    def start(name: str, _: Any) -> None:
        element = Element(name.rpartition(":")[2], [], [])
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(_: str) -> None:
        open_elements.pop()

    def text(data: str) -> None:
        open_elements[-1].texts.append(data)

    def doctype(*_: Any) -> None:
        raise ValueError("an answer of AWS has no DOCTYPE")

    parser = ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text, doctype
    try:
        parser.Parse(document, True)
    except (ExpatError, LookupError) as error:  # the second for an encoding that Python does not know
        raise ValueError(f"no XML: {error}") from None
    return root.children[0]
