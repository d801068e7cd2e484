"""Which calls are compared with which."""

from collections import Counter
from dataclasses import replace

from engine.evaluation.protocols import (
    CALLS_PER_SPEAKER,
    SENTENCES,
    WORDS,
    Call,
    calls,
    free_speech,
    one_word,
    sentences,
    two_calls,
    words,
)
from engine.evaluation.recordings import Recording


def recording(
    speaker: str, session: str, prompt: str, phone: str = "landline", seconds: float = 1.0
) -> Recording:
    member, text = f"{speaker}/{session}/{prompt}", TEXTS.get(prompt, "")
    return Recording(
        "dev-telephone", "c", speaker, session, "en", prompt, text, phone, "s.tar", member, seconds
    )


TEXTS = dict(zip(WORDS, ("Operator", "think engine", "onword", "wildfire", "voyager"), strict=True))


def corpus(calls_of: dict[str, int]) -> list[Call]:
    prompts = WORDS + SENTENCES
    return calls(
        recording(speaker, f"{number:02}", prompt, ("landline", "cell")[number % 2])
        for speaker, count in calls_of.items()
        for number in range(count)
        for prompt in prompts
    )


def test_a_speaker_brings_at_most_six_calls() -> None:
    """The first six, so that no busy speaker outweighs the others."""
    found = Counter(call.speaker for call in corpus({"a": 9, "b": 2}))
    assert found == {"a": CALLS_PER_SPEAKER, "b": 2}


def test_a_call_without_all_five_words_is_left_out() -> None:
    """Nothing can be compared with it."""
    found = calls([recording("a", "0", word) for word in WORDS[:4]])
    assert found == []


def test_a_call_with_one_sentence_is_never_tested_by_sentences() -> None:
    """Two sentences are tested, or none."""
    said = [*WORDS, SENTENCES[0]]
    found = [*calls(recording("a", "0", prompt) for prompt in said), *corpus({"b": 1})]
    assert [trial.test_speaker for trial in sentences(found)] == ["b"]


def test_no_protocol_compares_within_a_call_or_calls_one_speaker_two() -> None:
    """Targets are two calls of one label, others are two labels; never a call against itself."""
    found = corpus({"a": 3, "b": 2, "c": 1})
    for protocol in (words, sentences, one_word, two_calls):
        trials = list(protocol(found))
        assert trials
        for trial in trials:
            assert trial.target == (trial.enroll_speaker == trial.test_speaker)
            enrolled = {name.rsplit("/", 1)[0] for group in trial.enroll for name in group}
            assert enrolled.isdisjoint({name.rsplit("/", 1)[0] for name in trial.test})


def test_the_numbers_of_trials() -> None:
    """Six calls: 15 pairs; ordered for sentences; five times for one word."""
    found = corpus({"a": 3, "b": 2, "c": 1})
    assert len(list(words(found))) == 15
    assert sum(trial.target for trial in words(found)) == 3 + 1
    assert len(list(sentences(found))) == 30
    assert len(list(one_word(found))) == 75
    pairs = 3 + 1
    assert len(list(two_calls(found))) == pairs * 4
    assert sum(trial.target for trial in two_calls(found)) == 3


def test_what_is_said() -> None:
    """Five words in order, two sentences, the same word, two groups for two calls."""
    found = corpus({"a": 2, "b": 1})
    first = next(words(found))
    assert [name.rsplit("/", 1)[1] for name in first.test] == list(WORDS)
    assert [name.rsplit("/", 1)[1] for name in next(sentences(found)).test] == ["u006", "u007"]
    for trial in one_word(found):
        assert trial.enroll[0][0].endswith(trial.test[0].rsplit("/", 1)[1])
    assert [len(group) for group in next(two_calls(found)).enroll] == [5, 5]


def test_phones_are_same_only_where_every_enrolled_call_agrees() -> None:
    """Calls 0 and 2 come by landline, 1 by cell phone."""
    by_sessions = {
        (trial.enroll[0][0].split("/")[1], trial.test[0].split("/")[1]): trial.traits["phones"]
        for trial in words(corpus({"a": 3}))
    }
    assert by_sessions == {
        ("00", "01"): "different",
        ("00", "02"): "same",
        ("01", "02"): "different",
    }


def spoken(speaker: str, session: str, seconds: float) -> list[Recording]:
    """A call in which each prompt lasts so long."""
    return [recording(speaker, session, prompt, seconds=seconds) for prompt in (*WORDS, *SENTENCES)]


def test_free_speech_is_twenty_seconds_against_four() -> None:
    """Who said less than 20 s in a call is tested by it and never enrolled."""
    found = calls(spoken("a", "long", 2.5) + spoken("a", "short", 1.5) + spoken("b", "short", 1.5))
    trials = list(free_speech(found))
    assert {(trial.enroll_speaker, trial.test_speaker) for trial in trials} == {
        ("a", "a"),
        ("a", "b"),
    }
    assert all(len(group) == 2 for trial in trials for group in trial.enroll)
    assert all(len(trial.test) == 3 for trial in trials)
    assert all(SENTENCES[0] in trial.test[0] for trial in trials)


def test_who_says_too_little_takes_no_part_in_free_speech() -> None:
    """A call of less than four seconds makes no piece."""
    found = calls(spoken("a", "0", 0.3) + spoken("b", "0", 2.5))
    assert list(free_speech(found)) == []


def test_a_trial_says_what_is_said_where_all_say_the_same() -> None:
    """The words do; what a sentence says is not known."""
    found = corpus({"a": 3, "b": 1})
    phrase = "operator think engine onword wildfire voyager"
    assert {trial.text for trial in words(found)} == {phrase}
    assert {trial.text for trial in two_calls(found)} == {phrase}
    assert {trial.text for trial in one_word(found)} == {each.lower() for each in TEXTS.values()}
    assert {trial.text for trial in (*sentences(found), *free_speech(found))} == {""}


def test_what_is_not_said_alike_is_no_phrase() -> None:
    """Nor is what nobody wrote down."""
    other = [replace(recording("b", "0", each), text="other") for each in WORDS]
    unknown = [replace(recording("c", "0", each), text="") for each in WORDS]
    found = [*corpus({"a": 1}), *calls(other), *calls(unknown)]
    assert {trial.text for trial in words(found)} == {""}
