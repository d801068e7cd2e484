"""What a program may ask for under the paths of one kind of profile."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from engine.enrollment import EnrollmentRules
from engine.types import Reason
from ivr.api.azure.bodies import audio_of, new_profile
from ivr.api.azure.enrolling import Taking
from ivr.api.azure.kinds import Contract
from ivr.api.azure.locales import locale_of, phrases_of
from ivr.api.azure.paging import check_supported, next_link, page_size, split
from ivr.api.azure.recognising import check_ready, verified
from ivr.api.azure.refusals import (
    changed_meanwhile,
    check_open,
    in_training,
    no_profile,
    no_wording,
    undecided,
)
from ivr.api.azure.shapes import (
    ActivationPhrase,
    ActivationPhrases,
    AudioQuery,
    ListQuery,
    LocaleName,
    PassPhrase,
    PassPhrases,
    Profile,
    Recognition,
    TextDependentEnrollment,
    TextDependentProfiles,
    TextIndependentEnrollment,
    TextIndependentProfiles,
    VersionQuery,
)
from ivr.api.azure.showing import (
    text_dependent,
    text_dependent_enrollment,
    text_independent,
    text_independent_enrollment,
)
from ivr.api.operations import Visit
from ivr.domain.azure import AzureProfile
from ivr.domain.consent import Consent, ConsentGiven
from ivr.domain.mode import Mode
from ivr.domain.profile import ProfileId, ProfileState


@dataclass(frozen=True, slots=True)
class Desk:
    """Where profiles of one kind are made, filled, shown and compared with."""

    contract: Contract

    async def make(self, visit: Visit) -> Profile:
        """Make an empty profile; the answer's `Location` is its address."""
        visit.query(VersionQuery)
        locale = locale_of((await new_profile(visit)).locale)
        if self.contract.kind.mode is Mode.TEXT_DEPENDENT:
            phrases_of(locale, visit.office.phrases_folder)
        made = await visit.office.azure.make(visit.tenant, self.contract.kind, locale)
        await visit.concern(made.account)
        visit.headers["Location"] = f"{visit.address.with_query(None)}/{made.id}"
        return self._shown(made, visit)

    async def page(self, visit: Visit) -> TextDependentProfiles | TextIndependentProfiles:
        """Return a page of profiles, by id."""
        query = visit.query(ListQuery)
        check_supported(tuple(visit.request.query))
        size = page_size(query)
        found = await visit.office.azure.page(
            visit.tenant, self.contract.kind, query.skip_token, size + 1
        )
        page, more = split(found, size)
        link = next_link(visit.address, page, size) if more else None
        rules = self._rules(visit)
        if self.contract.kind.mode is Mode.TEXT_DEPENDENT:
            shown = [text_dependent(each, rules) for each in page]
            return TextDependentProfiles(value=shown, next_link=link)
        free = [text_independent(each, rules) for each in page]
        return TextIndependentProfiles(value=free, next_link=link)

    async def show(self, visit: Visit) -> Profile:
        """Return one profile."""
        return self._shown(await self._found(visit), visit)

    async def delete(self, visit: Visit) -> None:
        """Erase the person: voice, recordings, consent, and the name in records of calls."""
        # What is kept of the request names nobody, or it would be erased too.
        profile = await self._named(visit)
        done = await visit.office.azure.erase(visit.tenant, profile, who=visit.program.who)
        await visit.office.forget(visit.tenant, profile.account)
        if not done:
            raise no_profile()

    async def reset(self, visit: Visit) -> Profile:
        """Forget the voice and the passphrase, so that the person can enroll anew."""
        profile = await self._found(visit)
        if profile.stand.state is ProfileState.OPTED_OUT:
            raise undecided(Reason.OPTED_OUT)
        if not await visit.office.azure.reset(visit.tenant, profile, who=visit.program.who):
            raise changed_meanwhile()
        visit.headers["Location"] = str(visit.address.with_query(None)).removesuffix(":reset")
        return self._shown(await self._found(visit), visit)

    async def enroll(self, visit: Visit) -> TextDependentEnrollment | TextIndependentEnrollment:
        """Take one more recording."""
        query = visit.query(AudioQuery)
        profile = await self._found(visit)
        if not visit.office.azure_consent:
            raise no_wording()
        check_open(profile)
        if profile.current != profile.recordings:
            raise in_training()
        taking = await self._taking(visit, profile, query)
        file = await audio_of(visit)
        addition, sound = await taking.take(file)
        store, who = visit.office.azure, visit.program.who
        if not await store.add(visit.tenant, profile, addition, who=who):
            raise changed_meanwhile()
        now = await self._found(visit)
        speech_s, rules = sound.quality.net_speech_s, self._rules(visit)
        if addition.phrase is None:
            return text_independent_enrollment(now, rules, file.seconds, speech_s)
        listed = phrases_of(taking.locale, visit.office.phrases_folder)
        words = listed.passphrase(addition.phrase).text
        return text_dependent_enrollment(now, rules, words, file.seconds, speech_s)

    async def verify(self, visit: Visit) -> Recognition:
        """Compare a recording with the profile."""
        query = visit.query(AudioQuery)
        profile = await self._found(visit)
        check_ready(profile)
        return await verified(
            visit.tenant,
            profile,
            self.contract,
            await audio_of(visit),
            await visit.office.of_tenant(visit.tenant),
            ignore_min_length=query.ignore_min_length,
        )

    async def pass_phrases(self, visit: Visit) -> PassPhrases:
        """Return the passphrases of a locale."""
        return PassPhrases(value=[PassPhrase(pass_phrase=each) for each in self._phrases(visit)])

    async def activation_phrases(self, visit: Visit) -> ActivationPhrases:
        """Return the phrases that an enrollment may begin with, in a locale."""
        found = [ActivationPhrase(activation_phrase=each) for each in self._phrases(visit)]
        return ActivationPhrases(value=found)

    def _phrases(self, visit: Visit) -> list[str]:
        visit.query(VersionQuery)
        locale = locale_of(visit.part("locale", LocaleName))
        listed = phrases_of(locale, visit.office.phrases_folder)
        return [each.text for each in listed.phrases.values()]

    async def _found(self, visit: Visit) -> AzureProfile:
        """Return the profile that the path names, and note that the request is about it.

        `NotFoundError`.
        """
        # Such a profile's account is its id.
        await visit.concern(str(visit.part("profileId", UUID)))
        return await self._named(visit)

    async def _named(self, visit: Visit) -> AzureProfile:
        """Return the profile that the path names; `NotFoundError`."""
        visit.query(VersionQuery)
        profile = ProfileId(visit.part("profileId", UUID))
        found = await visit.office.azure.find(visit.tenant, self.contract.kind, profile)
        if found is None:
            raise no_profile()
        return found

    async def _taking(self, visit: Visit, profile: AzureProfile, query: AudioQuery) -> Taking:
        office = visit.office
        wording = Consent(office.azure_consent, ConsentGiven.DOCUMENT, office.files.clock.now())
        return Taking(
            tenant=visit.tenant,
            profile=profile,
            contract=self.contract,
            kept=await office.azure.kept(visit.tenant, profile.id),
            consent=wording,
            ignore_min_length=query.ignore_min_length,
            office=await office.of_tenant(visit.tenant),
            phrases_folder=office.phrases_folder,
        )

    def _shown(self, profile: AzureProfile, visit: Visit) -> Profile:
        if self.contract.kind.mode is Mode.TEXT_DEPENDENT:
            return text_dependent(profile, self._rules(visit))
        return text_independent(profile, self._rules(visit))

    def _rules(self, visit: Visit) -> EnrollmentRules:
        return visit.office.files.enroll.rules_of(self.contract.kind.mode)
