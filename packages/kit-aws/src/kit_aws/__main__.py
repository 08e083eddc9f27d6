"""`python -m kit_aws roots FILE`: write Amazon's root certificates to a file, for `KIT_AWS_CA_BUNDLE`."""

import sys

from kit_aws.calls import roots


def main(arguments: list[str]) -> int:
    """Run the command; return the exit code."""
    if len(arguments) != 2 or arguments[0] != "roots":
        sys.stderr.write(f"{__doc__}\n")
        return 2
    names = roots.write(arguments[1])
    sys.stdout.write(f"{arguments[1]}: {', '.join(names)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
