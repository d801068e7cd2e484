"""Tests of the media's wire formats and of the prompts, without a socket."""
