"""Who made a mask, in words: a model at a step, a person, or both, slice by slice.

Volumes of two masks may be set against each other (an ejection fraction) only where no two models
made them.  Who accepts a slice did not draw it: it stays the model's.  A mask is a person's only
where all of it was drawn or corrected by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_scribblemix.data.nifti import read_geometry
from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import ScribbleMixError
from napari_scribblemix.project.corrections import KEPT, whole_slices
from napari_scribblemix.project.drawn_on import checksum_of, drawn_on
from napari_scribblemix.project.makers import maker_of
from napari_scribblemix.project.project import Project
from napari_scribblemix.project.run_models import MODEL_NAME
from napari_scribblemix.resources import STARTER_NAME, find_model


@dataclass(frozen=True)
class Source:
    """A model at a step; ``kind`` is ``bundled``, ``run``, ``model`` or empty where not told.

    ``live``: it had followed the strokes on the very case.
    """

    kind: str = ""
    name: str = ""
    step: int = 0
    live: bool = False

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Source:
        """From the record of a mask; those of earlier versions say no kind."""
        name, step = str(record.get("model", "")), record.get("step", 0)
        if not name:
            return cls()
        kind = str(record.get("kind", "bundled" if name == STARTER_NAME else "model"))
        live = record.get("live") is True
        return cls(kind, name, step if isinstance(step, int) else 0, live)

    @property
    def starter(self) -> bool:
        """Whether it is the starter."""
        return self.kind == "bundled" and self.name == STARTER_NAME

    @property
    def model(self) -> tuple[str, str, int]:
        """What tells it from other models; of a run's, whatever the step.

        A bundled model at another step came with another version of the program.
        """
        return self.kind, self.name, self.step if self.kind == "bundled" else 0

    @property
    def words(self) -> str:
        """``starter``; ``run cyclemix, step 540``; ``starter, following your strokes``."""
        if not self.name:
            return "a model that is not recorded"
        bundled = self.kind == "bundled"
        words = self.name if bundled else f"{self.kind} {self.name}, step {self.step}"
        return f"{words}, following your strokes" if self.live else words


@dataclass(frozen=True)
class Origin:
    """Who made a mask: ``source`` all but the slices in ``kept``; what a person did to which."""

    source: Source
    kept: dict[int, Source]
    accepted: frozenset[int]
    corrected: frozenset[int]
    slices: int

    @property
    def by_person(self) -> bool:
        """Whether every slice was drawn or corrected by hand."""
        return len(self.corrected) == self.slices

    @property
    def answered(self) -> bool:
        """Whether a person answers for every slice."""
        return len(self.accepted | self.corrected) == self.slices

    def of_slice(self, number: int) -> Source:
        """The model that made a slice, before anybody corrected it."""
        return self.kept.get(number, self.source)

    @property
    def models(self) -> frozenset[Source]:
        """The models of the slices that nobody corrected, accepted or not."""
        return self._models_of(set(range(self.slices)) - self.corrected)

    @property
    def unanswered(self) -> frozenset[Source]:
        """The models of the slices that no person answers for."""
        return self._models_of(set(range(self.slices)) - self.accepted - self.corrected)

    def _models_of(self, numbers: Collection[int]) -> frozenset[Source]:
        return frozenset(self.of_slice(number) for number in numbers)


def origin_of(
    record: Mapping[str, Any],
    accepted: Collection[int],
    corrected: Collection[int],
    slices: int,
) -> Origin:
    """From the record of a mask of so many ``slices``, and what a person did to which."""
    kept = record.get(KEPT, {})
    known = {int(z): Source.of(each) for z, each in kept.items()} if isinstance(kept, dict) else {}
    return Origin(Source.of(record), known, frozenset(accepted), frozenset(corrected), slices)


def origin_of_mask(project: Project, case_id: str) -> Origin | None:
    """Who made the mask of a case, as it is on the disk; ``None`` without a mask."""
    found = project.read_prediction(case_id)
    if found is None:
        return None
    mask, record = found
    accepted = project.read_review(case_id).get("accepted_slices", ())
    corrected = whole_slices(project.read_corrected(case_id), mask.shape)
    return origin_of(record, [int(z) for z in accepted], corrected, len(mask))


def _words(sources: Collection[Source]) -> dict[Source, str]:
    """The words of each; two bundled models of one name are told apart by their steps."""
    often = Counter(source.words for source in set(sources))
    return {
        source: source.words
        if often[source.words] == 1
        else f"{source.words} of step {source.step}"
        for source in sources
    }


def describe_mask(origin: Origin) -> str:
    """One line: ``Mask: run a, step 540; 2 slices corrected by hand; 1 slice of starter.``."""
    by_hand = origin.corrected
    rest = [z for z in range(origin.slices) if z not in by_hand]
    counts = Counter(origin.of_slice(z) for z in rest)
    words = _words(counts)
    parts = [
        words[source]
        if source == origin.source
        else f"{counted(count, 'slice')} of {words[source]}"
        for source, count in sorted(counts.items(), key=lambda item: item[0] != origin.source)
    ]
    if by_hand:
        parts.append(f"{counted(len(by_hand), 'slice')} corrected by hand")
    return f"Mask: {'; '.join(parts)}."


def describe_slice(origin: Origin, number: int) -> str:
    """What was done to the slice on screen, or nothing where nobody did anything."""
    made = [
        *(["corrected by hand"] if number in origin.corrected else []),
        *(["accepted"] if number in origin.accepted else []),
    ]
    return f"This slice: {origin.of_slice(number).words}; {', '.join(made)}." if made else ""


def _person_or_models(origin: Origin, words: Mapping[Source, str]) -> str:
    if origin.by_person:
        return "a person"
    names = " and ".join(sorted(words[source] for source in origin.models))
    return f"{names} (accepted)" if origin.answered else names


def comparison(one: Origin, other: Origin, names: tuple[str, str]) -> tuple[bool, str]:
    """Whether volumes of two masks may be set against each other, and what must be said of it.

    ``names`` of the two, as the sentence calls them.
    """
    models = {source.model for source in one.models | other.models}
    steps = one.models | other.models
    words = _words(steps)
    told = "; ".join(
        f"{name} by {_person_or_models(origin, words)}"
        for name, origin in zip(names, (one, other), strict=True)
    )
    if len(models) > 1:
        return False, told
    if one.by_person and other.by_person:
        return True, ""
    # One person's mask beside a model's, or two states of one model: said, not refused.
    mixed = one.by_person != other.by_person or len(steps) > 1
    unknown = any(not source.name for source in steps)
    return True, told if mixed or unknown else ""


def followed_cases(project: Project, case_ids: Collection[str], model: Path) -> frozenset[str]:
    """The cases whose mask is that of ``model`` after it had followed all strokes on them."""
    maker, found = maker_of(model, 0, project), set()
    weights = find_model(model)
    weights = weights / MODEL_NAME if weights.is_dir() else weights
    for case_id in case_ids:
        try:
            record = project.read_origin(case_id)
            source = Source.of(record)
            if not source.live or (source.kind, source.name) != (maker.kind, maker.name):
                continue
            geometry = read_geometry(project.image_path(case_id))
            same = record.get("strokes") == checksum_of(drawn_on(project, case_id, geometry)[0])
            # A training that went on since knows more than this mask.
            newer = weights.stat().st_mtime > project.prediction_path(case_id).stat().st_mtime
        except (ScribbleMixError, OSError):  # told where it is opened
            continue
        if same and not newer and record.get("settled") is True:
            found.add(case_id)
    return frozenset(found)
