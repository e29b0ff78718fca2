"""Which case is shown when."""

from __future__ import annotations

import pytest

from napari_scribblemix.worker.previews import SHARE, SHORTEST_GAP, PreviewPlan


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def shown(plan: PreviewPlan, clock: Clock, count: int, cost: float = 0.0) -> list[str | None]:
    """The next ``count`` cases, each after the gap that ``cost`` seconds bring."""
    cases = []
    for _ in range(count):
        cases.append(plan.next())
        clock.now += cost
        plan.done(cost)
        clock.now += max(SHORTEST_GAP, cost / SHARE)
    return cases


def test_the_first_preview_waits_as_told(clock: Clock) -> None:
    plan = PreviewPlan("ab", "a", first=2.0, clock=clock)
    assert plan.next() is None
    clock.now += 2.0
    assert plan.next() == "a"


def test_the_case_on_screen_has_most_turns_and_the_others_take_theirs(clock: Clock) -> None:
    plan = PreviewPlan("abc", "b", clock=clock)
    assert shown(plan, clock, 12) == ["b", "b", "b", "a", "b", "b", "b", "c", "b", "b", "b", "a"]


def test_without_a_case_on_screen_all_take_turns(clock: Clock) -> None:
    assert shown(PreviewPlan("abc", None, clock=clock), clock, 4) == ["a", "b", "c", "a"]


@pytest.mark.parametrize("cost", [0.01, 0.4, 2.0])
def test_previews_take_no_more_than_their_share(clock: Clock, cost: float) -> None:
    plan, spent, begun = PreviewPlan("a", "a", clock=clock), 0.0, clock.now
    while clock.now < begun + 300:
        if plan.next() is None:
            clock.now += 0.05
            continue
        clock.now += cost
        spent += cost
        plan.done(cost)
    assert spent <= SHARE * (clock.now - begun) + cost
    # ... nor much less, where they are cheap enough to come every few seconds.
    assert spent >= 0.9 * min(SHARE, cost / (cost + SHORTEST_GAP + 0.05)) * 300


def test_a_case_that_comes_on_screen_is_due_at_once(clock: Clock) -> None:
    plan = PreviewPlan("ab", "a", clock=clock)
    plan.done(0.1)
    assert plan.next() is None
    plan.show("b")
    assert plan.next() == "b"
    plan.done(0.1)
    assert plan.next() is None
    plan.show("new")
    assert plan.next() == "new"


def test_while_nothing_changes_only_what_is_asked_for_is_shown(clock: Clock) -> None:
    plan = PreviewPlan("ab", "a", clock=clock)
    assert plan.next(only_asked=True) is None
    plan.show("a")
    assert plan.next(only_asked=True) == "a"


def test_a_case_that_cannot_be_shown_is_not_tried_again(clock: Clock) -> None:
    plan = PreviewPlan("ab", "a", clock=clock)
    plan.drop("a")
    assert plan.next() == "b"
    plan.drop("b")
    assert plan.next() is None
