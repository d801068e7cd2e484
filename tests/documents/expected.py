"""What the documents say of a command's end and of its output."""

from __future__ import annotations

from collections.abc import Mapping

AZURE = 'curl -X POST "$ENDPOINT/speaker-recognition/verification/text-dependent/profiles'
V1 = 'curl -H "Authorization: Bearer $KEY" -H "Content-Type: '

STATUS: Mapping[str, tuple[int, ...]] = {"countersign profiles unlock-caller": (1,)}
"""Exit statuses of what need not succeed; by how a command begins."""

TRIES: Mapping[str, int] = {"countersign challenge": 3}
"""Random digits that a synthetic voice says are not always understood: it is asked again, as a
caller is; by how a command begins."""

SHOWS: Mapping[str, str] = {
    'asterisk -rx "database put': "Updated database successfully",
    "/opt/countersign/bin/countersign --config /etc/countersign/countersign.toml doctor": (
        r"^good +media"
    ),
    "countersign --config /etc/countersign/countersign.toml doctor --json": r'"sound": true',
    "countersign --config /etc/countersign/countersign.toml doctor": r"^good +service +.*connected",
    "countersign --config FILE config": r'^dsn = "?<',
    "countersign audit verify": r"^default: \d+ entries, whole$",
    "countersign api-keys create": r"^key +cs_\S+$",
    "countersign api-keys revoke": "^revoked",
    "countersign profiles show": "enrolled",
    "countersign profiles unlock-caller": "no call from this number was rejected",
    "countersign enroll --account 4711": "ENROLLED",
    "countersign verify --account 4711": "ACCEPT MATCH",
    "countersign identify --group agents": "4711",
    "countersign challenge --account 4711": "ACCEPT MATCH",
    "countersign watchlist add": r"^\S{36} is watched for: 1 recording",
    "countersign batch enroll": r"\b1 ENROLLED",
    "countersign batch verify": r"\b1 ACCEPT",
    "countersign batch report": "^file,account,result,reason,recording,llr,confidence,id,ended_at",
    "countersign jobs status --json": r'"model": ?"telephone-2026-11c"',
    "countersign jobs status": "^voice model: telephone-2026-11c$",
    "countersign models list": r"^\* telephone-2026-11c +built in",
    "countersign models show telephone-2026-11c": "FNMR",
    "countersign desk users list": r"^default\tann\tagent\t1001\t[0-9a-f-]{36}$",
    "countersign desk feedback": "^verification,same_person",
    "countersign keys rotate": r"^wrapped by master key \w+: \d+ tenant keys",
    'curl -H "Authorization: Bearer $TOKEN"': r'"url": ?"[^"]*/\?call=',
    f"{V1}audio/wav": r'"verdict": ?"ACCEPT"',
    f"{AZURE}/$ID:verify": r'"recognitionResult": ?"Accept"',
    f"{AZURE}?": r'"enrollmentStatus": ?"Enrolling"',
    "curl -X PUT": r'"purpose": ?"verification","target_fmr": ?0.05,"own": ?true',
}
"""A pattern of the output, where a document says what comes; the first that a command has."""
