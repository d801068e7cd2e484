"""The conversations: coroutines over ports that read like the call they conduct."""
