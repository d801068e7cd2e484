"""The fixtures that tests of every kind share, by the module they are written in."""

pytest_plugins = ["tests.postgres"]
