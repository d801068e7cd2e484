"""Identification: whose voice of a group an utterance is, if anyone's."""
