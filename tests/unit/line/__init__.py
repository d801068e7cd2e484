"""Tests of the line's parts that need no Asterisk."""
