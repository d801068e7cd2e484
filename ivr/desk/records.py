"""What the desk needs of the store. Everything awaited may raise `StoreUnavailableError`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

from engine.types import ModelId
from ivr.domain.call import TenantId
from ivr.domain.desk import Card, DeskUser, Gone, StepUp, StepUpState
from ivr.domain.operating_point import OwnRates, PointPurpose
from ivr.domain.verification import VerificationId


class CallRecords(Protocol):
    """`ivr.storage.DeskCalls` is one; the docstrings are there."""

    def changes(self) -> AsyncIterator[TenantId | Gone | None]: ...

    async def tenants(self) -> Sequence[TenantId]: ...

    async def cards(self, tenant: TenantId, after: int, agent: str | None) -> Sequence[Card]: ...

    async def card(self, tenant: TenantId, verification: VerificationId) -> Card | None: ...

    async def find(self, user: DeskUser, name: str) -> VerificationId | None: ...

    async def offer(self, tenant: TenantId, name: str, agent: str) -> VerificationId | None: ...

    async def step_up(
        self, tenant: TenantId, verification: VerificationId, asked: StepUp
    ) -> None: ...

    async def move_step_up(
        self,
        tenant: TenantId,
        verification: VerificationId,
        before: StepUpState,
        after: StepUpState,
    ) -> StepUp | None: ...

    async def feedback(
        self, user: DeskUser, verification: VerificationId, *, same_person: bool
    ) -> bool: ...

    async def figures(self, tenant: TenantId, begin: datetime, end: datetime) -> str: ...

    async def profiles(self, tenant: TenantId, model: ModelId) -> str: ...


class UserRecords(Protocol):
    """`ivr.storage.DeskUsers` is one; the docstrings are there."""

    async def find(self, name: str) -> tuple[DeskUser, str] | None: ...

    async def sign_in(self, user: DeskUser, kept: str, token: bytes, until: datetime) -> bool: ...

    async def signed_in(self, token: bytes) -> DeskUser | None: ...

    async def sign_out(self, user: DeskUser, token: bytes) -> None: ...


class PointRecords(Protocol):
    """`ivr.storage.OperatingPoints` is one; the docstrings are there."""

    async def of(self, tenant: TenantId) -> OwnRates: ...

    async def set(
        self, tenant: TenantId, purpose: PointPurpose, rate: float, *, who: str, why: str
    ) -> None: ...

    async def drop(
        self, tenant: TenantId, purpose: PointPurpose, *, who: str, why: str
    ) -> bool: ...
