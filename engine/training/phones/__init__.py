"""Trains the network that tells phones on the telephone: `python -m engine.training.phones`."""
