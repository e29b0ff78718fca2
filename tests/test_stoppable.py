"""A prediction that is left in the middle."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_scribblemix.inference.stoppable import LeftEarly, stoppable


def test_a_pass_through_the_network_is_refused_once_a_stop_is_asked_for_and_not_later() -> None:
    network, x, asked = nn.Linear(2, 2), torch.zeros(1, 2), False
    with stoppable(network, lambda: asked):
        network(x)
        asked = True
        with pytest.raises(LeftEarly):
            network(x)
    network(x)


def test_the_network_is_free_again_after_an_error() -> None:
    network = nn.Linear(2, 2)
    with pytest.raises(LeftEarly), stoppable(network, lambda: True):
        network(torch.zeros(1, 2))
    assert network(torch.zeros(1, 2)).shape == (1, 2)
