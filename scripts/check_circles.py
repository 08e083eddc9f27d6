"""Checks that no two modules import each other, directly or around a corner.

    python scripts/check_circles.py            check every package in packages/
    python scripts/check_circles.py kit_db     check some of them

An import inside a function counts; one under `if TYPE_CHECKING:` does not. For each module in a circle the shortest
circle through it is printed, with the line of each import, and the exit status is 1.

import-linter's contract `acyclic_siblings` is something else: it joins the modules of a folder into one, so that it
refuses two folders that use each other without a circle of files, and it does not compare a package's `__init__.py`
with the modules below it.
"""

import argparse
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import grimp

Edges = Mapping[str, Sequence[str]]


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", help="import names; all packages if none is given")
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1], help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)

    sources = sorted(options.root.glob("packages/*/src"))
    sys.path[:0] = map(str, sources)
    found = [path.parent.name for source in sources for path in source.glob("*/__init__.py")]
    unknown = set(options.packages) - set(found)
    if unknown or not found:
        parser.error(f"no package {', '.join(sorted(unknown))} in {options.root}/packages")

    graph = grimp.build_graph(*(options.packages or found), exclude_type_checking_imports=True, cache_dir=None)
    edges = {module: sorted(graph.find_modules_directly_imported_by(module)) for module in sorted(graph.modules)}
    circles = sorted(set(shortest_circles(edges)), key=lambda circle: (len(circle), circle))
    for circle in circles:
        print(describe(graph, circle))
    return 1 if circles else 0


def shortest_circles(edges: Edges) -> Iterator[tuple[str, ...]]:
    """Yield the shortest circle through each module that is in one, starting with the first name in it."""
    for module in edges:
        path = _path_back(edges, module)
        if path:
            first = path.index(min(path))
            yield (*path[first:], *path[:first])


def _path_back(edges: Edges, start: str) -> list[str]:
    """Return the modules on the shortest way from a module to itself; an empty list if there is none."""
    before: dict[str, str] = {}
    waiting = deque([start])
    while waiting:
        module = waiting.popleft()
        for imported in edges[module]:
            if imported == start:
                path = [module]
                while path[-1] != start:
                    path.append(before[path[-1]])
                return path[::-1]
            if imported not in before:
                before[imported] = module
                waiting.append(imported)
    return []


def describe(graph: grimp.ImportGraph, circle: Sequence[str]) -> str:
    """Return one circle as text, an import per line."""
    lines = [f"{len(circle)} modules import each other in a circle:"]
    for importer, imported in zip(circle, (*circle[1:], circle[0]), strict=True):
        details = graph.get_import_details(importer=importer, imported=imported)
        numbers = ", ".join(sorted({str(detail["line_number"]) for detail in details}))
        lines.append(f"  {importer} imports {imported} (line {numbers})")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
