"""What is asked before a report of one patient is written: height, weight, heart rate, angle."""

from __future__ import annotations

from qtpy.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QWidget,
)

from napari_scribblemix.evaluation.function import Body
from napari_scribblemix.gui.widgets.controls import note, tip
from napari_scribblemix.report.patient import Wishes
from napari_scribblemix.settings.reports import HEART_RATE, HEIGHT_CM, WEIGHT_KG

_ANGLE = (
    "Where the right ventricle meets the anterior wall, on the drawn slice: 0 to the right, 90 up. "
    "The segments of the wall are counted from there."
)
_STRUCTURED = (
    "The figures with codes, and the masks of end-diastole and end-systole as DICOM SEG. They bear "
    "the patient's name, as the images do."
)
_FIELDS = (
    ("Height, cm", *HEIGHT_CM, "from the image", "For volumes by body surface area."),
    ("Weight, kg", *WEIGHT_KG, "from the image", "For volumes by body surface area."),
    ("Heart rate, 1/min", *HEART_RATE, "from the image", "For the cardiac output."),
    ("Anterior insertion, °", 0.0, 360.0, "from the mask", _ANGLE),
)


class ReportForm(QDialog):
    """Fields that may all stay empty; nothing typed here is kept in the project."""

    def __init__(self, patient: str, parent: QWidget, *, dicom: bool = False) -> None:
        """``dicom``: the patient's images came from DICOM, so a report can go back there."""
        super().__init__(parent)
        self.setWindowTitle("Report")
        layout = QFormLayout(self)
        layout.addRow(note(f"{patient}: what is typed here goes into the report and nowhere else."))
        self.fields = []
        for name, low, high, unset, hint in _FIELDS:
            field = QDoubleSpinBox()
            # One step below the smallest value stands for nothing.
            field.setRange(low - 1.0, high)
            field.setDecimals(0)
            field.setSpecialValueText(unset)
            field.setValue(low - 1.0)
            tip(field, hint)
            layout.addRow(name, field)
            self.fields.append(field)
        self.structured = tip(QCheckBox("Also as a DICOM structured report"), _STRUCTURED)
        layout.addRow(self.structured)
        self.structured.setVisible(dicom)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addRow(buttons)

    def wishes(self) -> Wishes:
        """What was typed."""
        height, weight, rate, insertion = (
            None if field.value() == field.minimum() else float(field.value())
            for field in self.fields
        )
        return Wishes(body=Body(height, weight, rate), insertion=insertion)
