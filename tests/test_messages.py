"""What a parent may tell a worker."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_scribblemix.errors import SettingsError
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.worker.messages import (
    Command,
    Job,
    Pause,
    PreviewCase,
    Resume,
    ScribblesChanged,
    SegmentJob,
    Stop,
    TrainJob,
    parse_command,
    parse_job,
)


@pytest.mark.parametrize(
    "command",
    [Pause(), Resume(), Stop(), ScribblesChanged(case="a b"), PreviewCase(case="c", slice=3)],
)
def test_commands_come_back_as_they_were(command: Command) -> None:
    line = command.model_dump_json()
    assert "\n" not in line
    assert parse_command(line) == command


@pytest.mark.parametrize(
    "job",
    [
        TrainJob(settings=TrainSettings(folder=Path("p"), time="90s"), run=Path("r")),
        SegmentJob(model=Path("starter"), cases=("a", "b"), threads=2),
    ],
)
def test_jobs_come_back_as_they_were(job: Job) -> None:
    assert parse_job(job.model_dump_json().encode()) == job


def test_a_job_may_say_the_least() -> None:
    job = parse_job('{"job": "train", "settings": {"folder": "p"}}')
    assert job == TrainJob(settings=TrainSettings(folder=Path("p")))


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('{"job": "train", "settings": {"folder": "p", "batch": 3}}', "batch.*multiple of 2"),
        ('{"job": "train", "settings": {"folder": "p", "colour": 3}}', "colour"),
        ('{"job": "train", "settings": {"folder": "p", "time": "soon"}}', "expected a time"),
        ('{"job": "dance"}', "'dance'"),
        ("{", "EOF|JSON"),
    ],
)
def test_a_bad_job_is_one_line_that_names_the_setting(line: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named) as caught:
        parse_job(line)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("line", ["", "{}", '{"command": "jump"}', '{"command": "preview"}'])
def test_an_unknown_command_is_refused(line: str) -> None:
    with pytest.raises(SettingsError, match="Got a command that is not known"):
        parse_command(line)
