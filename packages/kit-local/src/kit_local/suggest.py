"""Finds the name that a misspelt one was meant to be."""

from collections.abc import Iterable

_TINY, _SHORT = 3, 6  # letters: a name that is shorter may differ in none, in one; a longer one in two


def near(name: str, known: Iterable[str]) -> str:
    """Return the known name that is nearest to `name`, empty if none is near, or several are.

    Upper and lower case do not count.
    """
    names = sorted(set(known))
    lower, most = name.lower(), (len(name) >= _TINY) + (len(name) >= _SHORT)
    distances = {each: _distance(lower, each.lower()) for each in names if abs(len(each) - len(name)) <= most}
    least = min(distances.values(), default=most + 1)
    if least <= most:
        found = [each for each, distance in distances.items() if distance == least]
    else:
        found = [each for each in names if _begins(each, lower)]
    return found[0] if len(found) == 1 else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'X'?`, empty if no known name is near."""
    found = near(name, known)
    return f"; did you mean {found!r}?" if found else ""


def _begins(known: str, lower: str) -> bool:
    """Tell whether a name in small letters is the first words of a known one."""
    return len(lower) >= _TINY and known.lower().startswith(lower) and known[len(lower)].isupper()


def _distance(one: str, other: str) -> int:
    """Count the letters to insert, remove, replace or swap with their neighbour (Damerau and Levenshtein)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, left in enumerate(one, 1):
        current = [row]
        for column, right in enumerate(other, 1):
            least = min(last[column] + 1, current[-1] + 1, last[column - 1] + (left != right))
            if row > 1 and column > 1 and left == other[column - 2] and right == one[row - 2]:
                least = min(least, before[column - 2] + 1)
            current.append(least)
        before, last = last, current
    return last[-1]
