"""Who made a mask, in words, and whether two masks may be set against each other."""

from __future__ import annotations

from typing import Any

from napari_scribblemix.project.provenance import (
    Origin,
    comparison,
    describe_mask,
    describe_slice,
    origin_of,
)

STARTER = {"kind": "bundled", "model": "starter", "step": 14000}
RUN = {"kind": "run", "model": "cyclemix", "step": 540}


def made(record: dict[str, Any], accepted: Any = (), corrected: Any = ()) -> Origin:
    return origin_of(record, accepted, corrected, 4)


def test_a_mask_says_its_model_and_step() -> None:
    assert describe_mask(made(STARTER)) == "Mask: starter."
    assert describe_mask(made(RUN)) == "Mask: run cyclemix, step 540."
    assert describe_mask(made({})) == "Mask: a model that is not recorded."
    # As earlier versions wrote it.
    assert describe_mask(made({"model": "starter", "step": 1})) == "Mask: starter."


def test_slices_of_another_model_or_of_a_person_are_counted() -> None:
    origin = made(RUN | {"kept": {"2": STARTER}}, accepted=[2], corrected=[0, 3])
    assert describe_mask(origin) == (
        "Mask: run cyclemix, step 540; 1 slice of starter; 2 slices corrected by hand."
    )
    assert describe_slice(origin, 2) == "This slice: starter; accepted."
    assert describe_slice(origin, 1) == ""
    assert describe_slice(made(RUN, [1], [1]), 1) == (
        "This slice: run cyclemix, step 540; corrected by hand, accepted."
    )


def test_a_mask_wholly_kept_does_not_claim_the_newest_model() -> None:
    kept = {str(z): STARTER for z in range(4)}
    origin = made(RUN | {"kept": kept}, accepted=range(4))
    assert describe_mask(origin) == "Mask: 4 slices of starter."


def test_two_models_are_not_compared() -> None:
    allowed, told = comparison(made(STARTER), made(RUN), ("ED", "ES"))
    assert not allowed
    assert told == "ED by starter; ES by run cyclemix, step 540"
    # A single slice of another model is enough, accepted or not; corrected it is a person's.
    mixed = RUN | {"kept": {"1": STARTER}}
    assert not comparison(made(mixed), made(RUN), ("ED", "ES"))[0]
    assert not comparison(made(mixed, accepted=[1]), made(RUN), ("ED", "ES"))[0]
    assert comparison(made(mixed, corrected=[1]), made(RUN), ("ED", "ES")) == (True, "")


def test_who_accepts_a_mask_did_not_make_it() -> None:
    whole = made(STARTER, accepted=range(4), corrected=[1])
    assert not whole.by_person
    assert comparison(whole, made(RUN), ("ED", "ES")) == (
        False,
        "ED by starter (accepted); ES by run cyclemix, step 540",
    )
    assert comparison(whole, made(STARTER), ("ED", "ES")) == (True, "")
    assert whole.unanswered == frozenset()


def test_two_states_of_a_model_are_compared_and_told() -> None:
    allowed, told = comparison(made(RUN), made(RUN | {"step": 600}), ("ED", "ES"))
    assert allowed
    assert "step 540" in told
    assert "step 600" in told


def test_a_person_s_mask_beside_a_model_s_is_told() -> None:
    whole = made(STARTER, corrected=range(4))
    assert comparison(whole, made(RUN), ("ED", "ES")) == (
        True,
        "ED by a person; ES by run cyclemix, step 540",
    )
    assert comparison(whole, made(RUN, corrected=range(4)), ("ED", "ES")) == (True, "")


def test_the_starter_of_another_version_is_another_model() -> None:
    newer = STARTER | {"step": 1300}
    allowed, told = comparison(made(STARTER), made(newer), ("ED", "ES"))
    assert not allowed
    assert told == "ED by starter of step 14000; ES by starter of step 1300"
    mixed = made(newer | {"kept": {"2": STARTER}}, accepted=[2])
    assert describe_mask(mixed) == "Mask: starter of step 1300; 1 slice of starter of step 14000."
