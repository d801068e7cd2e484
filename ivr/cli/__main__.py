"""`python -m ivr.cli` is `countersign`."""

import sys

from ivr.cli.main import main

sys.exit(main())
