"""The checks of what lies on this machine: master key, voice model, prompts, outbox."""

from __future__ import annotations

from pathlib import Path

from engine.errors import EngineError
from ivr.config import Configuration, ConfigurationError
from ivr.doctor.finding import Finding, fault, good, warning
from ivr.engines import load_earlier, load_engine
from ivr.holdings import database_folder, master_keys, outbox_folder
from ivr.media.errors import MediaError
from ivr.media.prompts import PromptLibrary
from ivr.storage import MasterKeyError, MasterKeys, OutboxError, outbox_depth
from ivr.translation import check_prompts as refuse_prompts
from ivr.translation import phrases_folder, prompt_folder
from ivr.words import Words

OTHERS_MAY_READ = 0o004


def check_master_key(configuration: Configuration) -> tuple[MasterKeys | None, Finding]:
    """Read the master key, and return it with what was found; it is not made where there is none.

    None where there is none, or none that can be used.
    """
    check = "master_key"
    file = _master_file(configuration)
    if file is not None and not configuration.keys.master_file and not file.exists():
        return None, good(check, f"will be made at the first start: {file}")
    try:
        master = master_keys(configuration)
    except MasterKeyError as error:
        return None, fault(check, error, "make it readable to the service's user, mode 0600")
    if file is not None and file.stat().st_mode & OTHERS_MAY_READ:
        return master, warning(check, f"every user can read {file}", f"chmod 600 {file}")
    return master, good(check, f"{len(master.keys)} key(s), the current one is {master.current}")


def check_model(configuration: Configuration) -> Finding:
    """Load the voice model and its calibration, as the service would."""
    check = "model"
    try:
        engine = load_engine(configuration)
        load_earlier(configuration)
    except EngineError as error:
        return fault(
            check,
            error,
            "`countersign models list` shows what there is; set voice.model, or voice.target_fmr "
            "where its calibration does not reach so far",
        )
    target, threshold = configuration.voice.target_fmr, engine.point.threshold
    return good(
        check,
        f"{engine.model}, calibrated: at a false match rate of {target:g} a claim is accepted "
        f"from an Llr of {threshold:.2f} ({engine.point.basis})",
    )


def check_prompts(configuration: Configuration) -> Finding:
    """Read the prompts, and see that the configured locale can be spoken and recognised."""
    check, locale = "prompts", configuration.prompts.locale
    try:
        prompts = PromptLibrary.load(prompt_folder(configuration))
        refuse_prompts(configuration, prompts)
    except (MediaError, ConfigurationError) as error:
        return fault(check, error, "docs/prompts.md says which files a locale needs")
    try:
        words = Words.load([locale], phrases_folder(configuration))
    except (EngineError, ConfigurationError) as error:
        return fault(check, error, "docs/passphrases.md says what the list of phrases holds")
    there = f"{locale}, of {', '.join(prompts.locales)}"
    if words.recognises(locale):
        return good(check, there)
    return warning(
        check,
        f"{there}; no recogniser knows the language: a passphrase is compared with the person's "
        "own recordings, and a challenge of digits cannot be met",
        "docs/passphrases.md says how to add one",
    )


def check_outbox(configuration: Configuration) -> Finding:
    """See that a verdict could be kept in the outbox, and what waits there."""
    check, folder = "outbox", outbox_folder(configuration)
    try:
        if not folder.exists():
            return good(check, f"will be made at the first start: {folder}")
        waiting, aside = outbox_depth(folder)
    except (OutboxError, OSError) as error:
        return fault(check, error, f"chown {folder} to the service's user, mode 0700; free space")
    if aside:
        return warning(
            check,
            f"{aside} verdict(s) could not be delivered and were set aside in {folder}",
            "docs/operations.md, under `The outbox`, says what to look at before deleting them",
        )
    if waiting >= configuration.health.outbox_max:
        return fault(check, f"{waiting} verdicts wait in {folder}", "mend the database first")
    return good(check, f"{folder}, {waiting} waiting")


def _master_file(configuration: Configuration) -> Path | None:
    """Return the file that holds the master key; None where a command prints it."""
    if configuration.keys.master_command:
        return None
    if configuration.keys.master_file:
        return Path(configuration.keys.master_file)
    return database_folder(configuration) / "master-key"
