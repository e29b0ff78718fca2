"""One settings model per command: default, range, unit and help in one place.

The command-line options, the GUI form, the run record and the model card are generated from these
models, so an option exists once.  ``json_schema_extra={"cli": "argument"}`` makes a field a
positional argument, ``{"cli": False}`` keeps it off the command line.  Nothing heavy is imported
here: ``--help`` reads these files.
"""

from napari_scribblemix.settings.machine import DoctorSettings, GuiSettings
from napari_scribblemix.settings.masks import EvaluateSettings, ExportSettings, SegmentSettings
from napari_scribblemix.settings.options import (
    NETWORKS,
    Duration,
    MaskFormat,
    Method,
    NetworkName,
    Settings,
    Unlabelled,
    parse_duration,
)
from napari_scribblemix.settings.projects import ImportSettings, InspectSettings, SampleSettings
from napari_scribblemix.settings.reports import ReportSettings
from napari_scribblemix.settings.training import StarterSettings, TrainSettings

__all__ = [
    "NETWORKS",
    "DoctorSettings",
    "Duration",
    "EvaluateSettings",
    "ExportSettings",
    "GuiSettings",
    "ImportSettings",
    "InspectSettings",
    "MaskFormat",
    "Method",
    "NetworkName",
    "ReportSettings",
    "SampleSettings",
    "SegmentSettings",
    "Settings",
    "StarterSettings",
    "TrainSettings",
    "Unlabelled",
    "parse_duration",
]
