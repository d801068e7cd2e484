"""The caller's audio and our prompts: wire formats without a socket, and thin shells around them.

Nothing here knows of ARI or of a call's course; `ivr.line` joins this to `ivr.ari`.
"""
