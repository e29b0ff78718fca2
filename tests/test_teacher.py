"""A teacher labels what nobody has labelled, where it is sure."""

import torch
from torch import Tensor, nn

from napari_scribblemix.methods.batch import Batch, one_hot
from napari_scribblemix.methods.partial import PartialCE
from napari_scribblemix.methods.teacher import Taught, Teacher, fill_unlabelled

SCRIBBLE = torch.tensor([[[0, 255], [255, 1]]])


def test_sure_predictions_fill_unlabelled_pixels_only() -> None:
    probability = torch.tensor([[[[0.05, 0.97], [0.6, 0.95]], [[0.95, 0.03], [0.4, 0.05]]]])
    target = fill_unlabelled(one_hot(SCRIBBLE, 2), probability, weight=0.1, sure=0.9)
    expected = torch.tensor([[[[1.0, 0.1], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]]])
    torch.testing.assert_close(target, expected)


def test_a_pixel_that_only_the_enclosure_rule_labels_is_left_to_it() -> None:
    target = torch.zeros(1, 2, 1, 1)
    target[:, 0] = 0.05
    filled = fill_unlabelled(target, torch.tensor([[[[0.0]], [[1.0]]]]), 0.5, 0.9)
    assert torch.equal(filled, target)


class Constant(nn.Module):
    def __init__(self, logits: list[float]) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits))

    def forward(self, image: Tensor) -> Tensor:
        return self.logits[None, :, None, None].expand(len(image), -1, *image.shape[-2:])


def test_the_method_learns_from_the_teacher_and_the_teacher_from_nobody() -> None:
    student, teacher = Constant([0.0, 0.0]), Constant([9.0, -9.0])
    taught = Taught(PartialCE(student), [Teacher(teacher, weight=0.5, sure=0.9)])
    unlabelled = torch.zeros(1, 2, 4, 4)
    batch = Batch(torch.zeros(1, 1, 4, 4), unlabelled, torch.Generator(), torch.Generator())
    terms = taught(batch)
    terms["unmix"].backward()
    torch.testing.assert_close(terms["unmix"].detach(), torch.tensor(2.0).log())
    assert student.logits.grad is not None
    assert student.logits.grad[0] < 0 < student.logits.grad[1]
    assert teacher.logits.grad is None
    assert not batch.target.any()


def test_the_teacher_is_no_part_of_what_is_trained_or_saved() -> None:
    student = Constant([0.0, 0.0])
    taught = Taught(PartialCE(student), [Teacher(Constant([1.0, 1.0]), weight=0.5, sure=0.9)])
    assert [id(p) for p in taught.parameters()] == [id(student.logits)]
    assert set(taught.state_dict()) == {"method.network.logits"}
