"""The errors a user may meet, each one clear line: what was got, what was expected, what to do.

    ScribbleMixError
    |-- InputError            a file or an array given by the user
    |   |-- FileError         cannot be read or written, or is not what its name says
    |   |-- GeometryError     shape, spacing or orientation do not fit
    |   |-- ImageError        NaN, infinite or constant intensities
    |   |-- LabelError        a label value that the scheme does not know
    |   `-- ScribbleError     nothing to learn from
    |-- ProjectError          the project folder
    |   |-- ProjectLocked     another program is writing to it
    |   `-- SchemaError       written by a newer or unknown version
    |-- ModelError            a model file or its card
    |-- SettingsError         an option or a combination of options
    `-- TrainingError         training cannot start or go on
        `-- OutOfMemory       the device's memory is full

The command line prints ``str(error)`` and exits with ``exit_code``; a traceback appears only with
``--debug``.  Anything that is not a ``ScribbleMixError`` is a defect of ours.
"""


class ScribbleMixError(Exception):
    """Base of all user-facing errors; the message is one sentence or two, without a traceback."""

    exit_code = 2


class InputError(ScribbleMixError):
    """A file or an array given by the user cannot be used."""


class FileError(InputError):
    """A file cannot be read or written, or is not what its name says."""


class GeometryError(InputError):
    """Shape, spacing or orientation do not fit."""


class ImageError(InputError):
    """The intensities cannot be used: NaN, infinite or all the same."""


class LabelError(InputError):
    """A label file holds a value that the label scheme does not know."""


class ScribbleError(InputError):
    """The scribbles give nothing to learn from."""


class ProjectError(ScribbleMixError):
    """The project folder is missing, damaged or not a project."""


class ProjectLocked(ProjectError):
    """Another program holds the project's lock."""


class SchemaError(ProjectError):
    """A file was written by a version whose format this one does not know."""


class ModelError(ScribbleMixError):
    """A model file or its card is missing, damaged or does not fit."""


class SettingsError(ScribbleMixError):
    """An option, or a combination of options, has no meaning."""


class TrainingError(ScribbleMixError):
    """Training cannot start or cannot go on."""

    exit_code = 1


class OutOfMemory(TrainingError):
    """The memory of the computing device is full."""
