"""Messages as Asterisk 22 sends them, captured on loopback."""

from __future__ import annotations


def wire(text: str) -> bytes:
    """Return the lines as they stand on the wire."""
    return text.strip("\n").replace("\n", "\r\n").encode()


ANSWER = (
    wire("""
SIP/2.0 200 OK
Via: SIP/2.0/UDP 127.0.0.1:40000;rport=40000;received=127.0.0.1;branch=z9hG4bKaaaa
Call-ID: 1234@127.0.0.1
From: <sip:5551234@127.0.0.1>;tag=ours
To: <sip:echo@127.0.0.1>;tag=72689e98-3ef0-4fe9-b0cc-6be294f98c25
CSeq: 1 INVITE
Server: Asterisk PBX 22.10.1+dfsg+~cs6.17.60671434-1
Allow: OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, CANCEL, UPDATE, PRACK
Contact: <sip:127.0.0.1:25060>
Supported: 100rel, timer, replaces, norefersub, histinfo
Content-Type: application/sdp
Content-Length:   237

v=0
o=- 1 3 IN IP4 127.0.0.1
s=Asterisk
c=IN IP4 127.0.0.1
t=0 0
m=audio 26010 RTP/AVP 0 8 101
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=maxptime:140
a=sendrecv
""")
    + b"\r\n"
)

BYE = (
    wire("""
BYE sip:softphone@127.0.0.1:40000 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:25060;rport;branch=z9hG4bKPj5399c408-ccb5-4174-af6e-c5b2835a14ea
From: <sip:digits@127.0.0.1>;tag=72689e98-3ef0-4fe9-b0cc-6be294f98c25
To: <sip:anonymous@anonymous.invalid>;tag=81edb9f0
Call-ID: 1234@127.0.0.1
CSeq: 16590 BYE
Reason: Q.850;cause=17
Max-Forwards: 70
User-Agent: Asterisk PBX 22.10.1+dfsg+~cs6.17.60671434-1
Content-Length:  0
""")
    + b"\r\n\r\n"
)
