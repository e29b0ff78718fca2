"""How to look at a volume: what may be done beside showing each slice to the network once."""

from __future__ import annotations

from dataclasses import dataclass, fields

from napari_scribblemix.settings import SegmentSettings


@dataclass(frozen=True)
class Look:
    """How to look at a volume; what each is worth is in the benchmark record.

    Attributes:
        mirror: average over mirrored images; ``None``: if the model was trained with mirrors.
        upright: find the way up first, if the model needs that.
        find_heart: look a second time, at a window about the heart.
        neighbours: weight of the slices next to each slice; 0: each stands alone.
        largest_component: keep the heart and one piece of each structure, without islands and
            holes in its slices, and with a cavity only where there is blood.
        phases: let the phases of a heart agree on the volume of its muscle, see ``phases``.
    """

    mirror: bool | None = None
    upright: bool = True
    find_heart: bool = True
    neighbours: float = 0.0
    largest_component: bool = True
    phases: bool = True

    @classmethod
    def of(cls, settings: SegmentSettings) -> Look:
        """The options of ``segment``."""
        return cls(**{field.name: getattr(settings, field.name) for field in fields(cls)})


LOOK = Look()
