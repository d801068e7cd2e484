"""Stand-ins for the ports, kept honest by the tests in tests/contract."""
