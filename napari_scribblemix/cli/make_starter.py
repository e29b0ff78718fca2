"""``make-starter``: train the starter model on drawn hearts, as the shipped one was."""

from __future__ import annotations

from napari_scribblemix.cli.console import results
from napari_scribblemix.cli.train import check_output, describe_dice, follow
from napari_scribblemix.settings import StarterSettings


def run(settings: StarterSettings) -> int:
    """Train, then measure where asked; returns the exit code (130 where the user stopped it)."""
    from napari_scribblemix.training.early import check_starter
    from napari_scribblemix.training.run_folder import check_checkpoint

    check_output(settings.output, resume=settings.resume)
    check_starter(settings)
    if settings.resume:
        check_checkpoint(settings.output)
    # Only now the slow import of torch: what was typed wrong is told at once.
    from napari_scribblemix.training.claim import claimed
    from napari_scribblemix.training.loop import Training
    from napari_scribblemix.training.starter import measure_on, prepare

    with claimed(settings.output, resume=settings.resume) as run_folder:
        code = follow(Training(prepare(settings), run_folder), as_json=settings.json_events)
    for text in settings.measure if not code else ():
        name, _, folder = text.partition("=")
        dice, mean = measure_on(settings.output, name, folder)
        if not settings.json_events:
            results().print(f"{name}: {describe_dice(dice, mean)}", markup=False)
    return code
