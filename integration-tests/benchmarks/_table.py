"""What the benchmarks print with, and how they take CPU time."""

import time
from collections.abc import Callable, Sequence


def print_table(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print `rows` under `heads`, the first column to the left and numbers to the right."""
    texts = [[str(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(len(heads))]
    print(f"\n{title}")
    for number, row in enumerate(texts):
        first, *rest = (
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join([first, *rest]))
        if number == 0:
            print("  ".join("-" * width for width in widths))


def cpu_microseconds(
    calls: dict[str, Callable[[], object]], *, number: int = 20_000, rounds: int = 9
) -> dict[str, float]:
    """Return the least CPU time of each call in microseconds; the calls take turns, so that noise hits all alike."""
    least = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            started = time.process_time()
            for _ in range(number):
                call()
            least[name] = min(least[name], (time.process_time() - started) / number * 1e6)
    return least
