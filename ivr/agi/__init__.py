"""FastAGI: Asterisk connects to us for each call and does what it is told, a line at a time.

The protocol is sans-I/O (`environment`, `commands`, `replies`, `protocol`); `session` and `server`
are thin shells on asyncio's streams. Nothing here knows of a call's course. Source: Asterisk 22's
documentation of AGI and res_agi, and what it was seen to send.
"""
