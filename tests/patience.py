"""How long a test waits for what happens by itself."""

from __future__ import annotations

PATIENCE_S = 60.0
"""On a machine whose cores others use too; where all goes well nobody waits so long."""
