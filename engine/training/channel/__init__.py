"""Telephone calls for training, simulated in batches on the device that trains."""
