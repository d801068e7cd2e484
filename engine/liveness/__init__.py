"""Whether someone is speaking now: repeats of earlier recordings, digits that nobody knew."""
