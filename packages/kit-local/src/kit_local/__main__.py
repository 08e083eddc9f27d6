"""`python -m kit_local`: the command `kit-local`."""

import sys

from kit_local.cli import main

if __name__ == "__main__":
    sys.exit(main())
