"""Words planted in headers of images; then every command, and a search through all that is left.

A word counts as found if it stands in anything that was written or printed: logs, cards, masks,
exports, reports, error lines, the report of ``doctor``.  Exempt is what is asked for with the
patient's data in it: DICOM SEG.  A last word is the name of the folder of the scans: it must be in
no model.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nibabel
from dicom_files import write_cine
from nibabel.nifti1 import Nifti1DicomExtension, Nifti1Extension
from pydicom import Dataset
from tries import Place

from napari_scribblemix.cli.app import main
from phantoms import write_folder

TEXT_FIELDS = {"descrip": 80, "aux_file": 24, "db_name": 18, "intent_name": 16}
EXTENSIONS = (0, 2, 4, 6, 8, 40)
TAGS = (
    "PatientName", "PatientID", "OtherPatientIDs", "PatientAddress", "PatientComments",
    "InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName", "OperatorsName",
    "ReferringPhysicianName", "RequestingPhysician", "PerformingPhysicianName",
    "NameOfPhysiciansReadingStudy", "AccessionNumber", "StudyID", "StationName",
    "DeviceSerialNumber", "ImageComments", "PatientTelephoneNumbers", "EthnicGroup", "Occupation",
    "IssuerOfPatientID", "AdmissionID", "MedicalAlerts", "Allergies", "AdditionalPatientHistory",
    "PatientMotherBirthName", "StudyDescription", "RequestedProcedureDescription",
)  # fmt: skip
FOLDER = "QZFOLDERX"
COPIES = ("out/p.scribblemix/images", "out/p.scribblemix/masks")


def _word(number: int) -> str:
    return f"QZ{number:03d}X"


def _in_nifti(path: Path, words: dict[str, str]) -> None:
    """The image once more, with a word in each text of its header and in extensions."""
    image = nibabel.load(path)
    made = nibabel.Nifti1Image(image.dataobj, image.affine)
    for field in TEXT_FIELDS:
        made.header[field] = words[f"NIfTI {field}"].encode()
    for code in EXTENSIONS:
        text = words[f"NIfTI extension {code}"]
        if code == 2:
            content = Dataset()
            content.PatientName = text
            made.header.extensions.append(Nifti1DicomExtension(code, content))
        else:
            made.header.extensions.append(Nifti1Extension(code, text.encode()))
    data = made.to_bytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def _in_dicom(folder: Path, words: dict[str, str]) -> None:
    def change(data: Dataset, z: int, t: int) -> None:
        for tag in TAGS:
            setattr(data, tag, words[f"DICOM {tag}"])
        private = data.private_block(0x0011, "MAKER", create=True)
        private.add_new(1, "LO", words["DICOM private"])

    write_cine(folder, 4, 6, change=change)


def _commands(home: Path) -> list[list[Path | str]]:
    study, out = home / FOLDER, home / "out"
    small = ["--steps", "2", "--crop", "48", "--batch", "2", "--device", "cpu", "--threads", "1"]
    project = out / "p.scribblemix"
    cut = study / "images" / "cut.nii.gz"
    return [
        ["inspect", study], ["inspect", home / "dicom"], ["inspect", cut, "--debug"],
        ["import", study, "--output", project, "--copy"],
        ["train", study, "--output", out / "run", *small],
        ["train", project, *small],
        ["segment", out / "run", study / "images", "--output", out / "masks"],
        ["segment", out / "run", home / "dicom", "--output", out / "dicom-masks"],
        ["evaluate", out / "masks", study / "masks", "--json", out / "measures.json"],
        ["export", out / "masks", "--output", out / "nifti", "--format", "nifti"],
        ["export", out / "masks", "--output", out / "nrrd", "--format", "nrrd"],
        ["report", out / "masks", "--images", study / "images", "--output", out / "report"],
        ["report", out / "dicom-masks", "--output", out / "dicom-report"],
        ["doctor"], ["doctor", "--report", out / "doctor.txt"],
    ]  # fmt: skip


def _texts(path: Path) -> Iterator[bytes]:
    """The bytes of a file, and what is packed in it."""
    data = path.read_bytes()
    yield data
    with contextlib.suppress(OSError, EOFError):
        yield gzip.decompress(data)
    with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as parts:
        for name in parts.namelist():
            yield parts.read(name)


def _found(word: str, home: Path, said: str) -> list[str]:
    """Where a word stands; a text in UTF-16 would be one too."""
    signs = (word.encode(), word.encode("utf-16-le"))
    where = ["the screen"] if word in said else []
    for path in sorted((home / "out").rglob("*")):
        if path.is_file() and any(sign in text for text in _texts(path) for sign in signs):
            where.append(str(path.relative_to(home)))
    return where


def attack(place: Place) -> Iterator[str]:
    """All words at once; each is a try."""
    home = place.folder
    names = [f"NIfTI {field}" for field in TEXT_FIELDS]
    names += [f"NIfTI extension {code}" for code in EXTENSIONS]
    names += [*(f"DICOM {tag}" for tag in TAGS), "DICOM private"]
    words = {name: _word(number) for number, name in enumerate(names)}
    study = write_folder(home / FOLDER, scribbled=2, masked=1)
    for path in [*study.glob("images/*"), *study.glob("scribbles/*"), *study.glob("masks/*")]:
        _in_nifti(path, words)
    whole = next(study.glob("images/*")).read_bytes()
    _in_dicom(home / "dicom", words)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        for number, command in enumerate(_commands(home)):
            if number == 2:
                (study / "images" / "cut.nii.gz").write_bytes(whole[: len(whole) // 2])
            code = main([str(part) for part in command])
            (study / "images" / "cut.nii.gz").unlink(missing_ok=True)
            if code != (2 if number == 2 else 0):
                raise RuntimeError(f"{command}: {code} {said.getvalue()[-1000:]}")
    place.measures["commands"] += len(_commands(home))
    place.measures["files searched"] += sum(p.is_file() for p in (home / "out").rglob("*"))
    for name, word in words.items():
        where = _found(word, home, said.getvalue())
        # The copies that ``import --copy`` makes are the files themselves, header and all.
        where = [path for path in where if not path.startswith(COPIES)]
        yield f"{name} in {', '.join(where)}" if where else ""
    models = [*home.rglob("model.json"), *home.rglob("*.safetensors")]
    inside = [path.name for path in models if FOLDER.encode() in path.read_bytes()]
    yield f"the folder's name in {inside}" if inside else ""
