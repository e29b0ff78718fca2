from napari_scribblemix.project.notes import NoteList


def test_each_note_is_told_once_with_its_cases() -> None:
    notes = NoteList()
    notes.add("a", ["no ring", "odd header"])
    notes.add("b", ["odd header"])
    notes.add("c", [])
    assert notes.lines() == ["a: no ring", "a and 1 more: odd header"]
