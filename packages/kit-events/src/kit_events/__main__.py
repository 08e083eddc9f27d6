"""`python -m kit_events`."""

import sys

from kit_events.cli import main

sys.exit(main())
