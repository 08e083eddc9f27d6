"""Compare kit-schemas' generated code with marshmallow alone: 1,000,000 cases by default, 0 differences.

    uv run python integration-tests/differential_schemas.py [cases] [--first SEED] [--processes N]

A case is one generated value for one generated schema, as in the package's own tests: both sides have to load it into
the same instance or say the same errors, and to dump the instance alike, down to types, zones and the order of keys.
A difference is printed with the seed of its schema, which `--first SEED 100` repeats; the exit code is 1 then.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "packages/kit-schemas/tests"))

import differential  # noqa: E402

SCHEMAS_AT_ONCE = 50


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--first", type=int, default=1_000, metavar="SEED", help="the first schema's seed")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    options = parser.parse_args(arguments)
    schemas = -(-options.cases // differential.PER_SCHEMA)
    started = time.monotonic()
    counts, differences = differential.Counts(), []
    with ProcessPoolExecutor(options.processes) as pool:
        for part in pool.map(compare, *zip(*parts(options.first, schemas), strict=True)):
            if isinstance(part, str):
                differences.append(part)
                print(part, flush=True)
            else:
                counts.add(part)
    print(f"{counts.cases} cases in {time.monotonic() - started:.0f} s: {len(differences)} differences")
    print(f"accepted {counts.accepted}, by the generated code {counts.loads_compiled}")
    print(f"dumped {counts.dumps}, by the generated code {counts.dumps_compiled}")
    return 1 if differences else 0


def parts(first: int, schemas: int) -> Iterator[tuple[int, int]]:
    """Yield what each call gets: the first seed, and how many schemas."""
    for start in range(0, schemas, SCHEMAS_AT_ONCE):
        yield first + start, min(SCHEMAS_AT_ONCE, schemas - start)


def compare(first: int, schemas: int) -> differential.Counts | str:
    """Return what was counted, or the first difference."""
    try:
        return differential.run(first, schemas)
    except AssertionError as difference:
        return str(difference)


if __name__ == "__main__":
    sys.exit(main())
