"""The desk: the agents' screen-pop, the supervisors' figures, and a webhook for other programs."""

from ivr.desk.address import Address
from ivr.desk.hub import Hub
from ivr.desk.model import InUse, Measured, ModelInUse, PointInUse, Search
from ivr.desk.part import DeskRules, asking_part, desk_part, webhook_part
from ivr.desk.passwords import hash_password
from ivr.desk.webhook import Count, WebhookRules

__all__ = [
    "Address",
    "Count",
    "DeskRules",
    "Hub",
    "InUse",
    "Measured",
    "ModelInUse",
    "PointInUse",
    "Search",
    "WebhookRules",
    "asking_part",
    "desk_part",
    "hash_password",
    "webhook_part",
]
