"""The grammar of dates as a whole: what a form finds is tested where its kind of note is."""

from chartline.deid.text import datetext


def test_every_form_is_tried_somewhere():
    tried = {name for forms in datetext._PARTED.values() for name in forms}
    tried |= {name for forms, _, _ in datetext._AROUND.values() for name in forms}
    assert tried == set(datetext._PATTERN)
