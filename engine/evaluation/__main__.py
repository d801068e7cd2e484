"""`python -m engine.evaluation`: the same as `countersign evaluate`."""

import sys

from engine.evaluation.command import main

sys.exit(main(sys.argv[1:]))
