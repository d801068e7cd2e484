"""From a corpus to a voice model: one command, resumable, on two cores or on one GPU."""
