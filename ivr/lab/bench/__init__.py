"""The benchmark: what a call costs stage by stage, and how long callers wait for their verdict."""
