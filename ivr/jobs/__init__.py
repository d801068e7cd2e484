"""Jobs: what any worker does behind the calls, handed out by pgqueuer on PostgreSQL.

The queue only hands out: what is to be done is in the tables, and every job may be done twice.
"""

from ivr.jobs.batches import BatchWork
from ivr.jobs.queue import Queue
from ivr.jobs.reextraction import Reextraction
from ivr.jobs.retention import Retention
from ivr.jobs.service import duties_of, jobs_of, retention_rules
from ivr.jobs.worker import Duty, Worker

__all__ = [
    "BatchWork",
    "Duty",
    "Queue",
    "Reextraction",
    "Retention",
    "Worker",
    "duties_of",
    "jobs_of",
    "retention_rules",
]
