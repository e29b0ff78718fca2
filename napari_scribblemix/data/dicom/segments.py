"""The structures of a label scheme as segments of a DICOM SEG: code, colour, who made it.

Codes are those of the standard's own lists, as pydicom carries them: CID 7152 (cardiac structures)
for both ventricles, the myocardium of the left ventricle, CID 7150 for the categories.  A structure
of a person's own naming is tissue without further code, under its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from napari_scribblemix import __version__
from napari_scribblemix.data.labels import LabelScheme, rgb

if TYPE_CHECKING:
    from highdicom.seg import SegmentDescription
    from highdicom.sr.coding import CodedConcept

PROGRAM = "napari-scribblemix"

Maker = Literal["AUTOMATIC", "SEMIAUTOMATIC"]
"""``SEMIAUTOMATIC`` where a person corrected or accepted what a model made."""

NOT_RECORDED = "not recorded"
"""The algorithm of a mask of which nobody wrote down who made it; the standard wants a name."""


@dataclass(frozen=True)
class Coded:
    """Category, type and region of a structure: SNOMED CT code and meaning of each."""

    category: tuple[str, str]
    kind: tuple[str, str]
    region: tuple[str, str] | None = None


_ANATOMY = ("91723000", "Anatomical Structure")
_ALTERED = ("49755003", "Morphologically Abnormal Structure")
_TISSUE = ("85756007", "Tissue")
_LEFT = ("87878005", "Left ventricle")

CODES = {
    "right ventricle": Coded(_ANATOMY, ("53085002", "Right ventricle")),
    "left ventricle": Coded(_ANATOMY, _LEFT),
    "myocardium": Coded(_ANATOMY, ("49848007", "Left Ventricle Myocardium")),
    "scar": Coded(_ALTERED, ("12402003", "Scar tissue"), _LEFT),
    "oedema": Coded(_ALTERED, ("79654002", "Edema"), _LEFT),
}
UNKNOWN = Coded(_TISSUE, _TISSUE)

_LABELS = {
    "right ventricle": "right ventricular cavity",
    "left ventricle": "left ventricular cavity",
}


def code_of(structure: str) -> Coded:
    """The codes of a structure by its name, in any case."""
    return CODES.get(structure.casefold(), UNKNOWN)


def describe_segments(scheme: LabelScheme, maker: Maker | None) -> list[SegmentDescription]:
    """Segment k of class k, from 1, in the scheme's names and colours.

    ``maker`` is ``None`` where it is not recorded who made the mask: ``SEMIAUTOMATIC``, for a
    person or another program may have, and no algorithm of ours.
    """
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.color import CIELabColor
    from highdicom.seg import SegmentDescription
    from pydicom.sr.codedict import codes

    algorithm = AlgorithmIdentificationSequence(
        name=NOT_RECORDED if maker is None else f"{PROGRAM} {__version__}",
        family=codes.cid7162.ArtificialIntelligence,
        version=__version__,
    )
    found = []
    for number in range(1, scheme.classes):
        name, colour = scheme.names[number], scheme.colours[number]
        coded = code_of(name)
        found.append(
            SegmentDescription(
                segment_number=number,
                # LO: 64 characters.
                segment_label=_LABELS.get(name.casefold(), name)[:64],
                segmented_property_category=_concept(coded.category),
                segmented_property_type=_concept(coded.kind),
                algorithm_type=maker or "SEMIAUTOMATIC",
                algorithm_identification=algorithm,
                anatomic_regions=None if coded.region is None else [_concept(coded.region)],
                display_color=CIELabColor.from_rgb(*rgb(colour)),
            )
        )
        if maker is None:
            # highdicom asks for it; the standard only for the name.
            del found[-1].SegmentationAlgorithmIdentificationSequence
    return found


def _concept(code: tuple[str, str]) -> CodedConcept:
    from highdicom.sr.coding import CodedConcept

    return CodedConcept(code[0], "SCT", code[1])
