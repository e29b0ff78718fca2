import pytest
import torch

from napari_scribblemix.training.meter import Meter


def test_a_term_is_averaged_over_the_steps_that_had_it() -> None:
    meter = Meter(step=0, since=0.0)
    for terms in ({"unmix": 1.0}, {"unmix": 2.0, "mix": 5.0}, {"unmix": 6.0, "mix": 7.0}):
        meter.add({name: torch.tensor(value) for name, value in terms.items()})
    assert meter.means() == pytest.approx({"unmix": 3.0, "mix": 6.0})
