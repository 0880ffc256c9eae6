"""PDFs of one page, made from what is drawn on it."""

import io

import pypdf
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject


def page(stream: str, **info: str) -> bytes:
    """A PDF of one page with a content stream, a font of fixed width called F1, and metadata."""
    writer = pypdf.PdfWriter()
    blank = writer.add_blank_page(600, 300)
    font = DictionaryObject({NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/Type1"),
                             NameObject("/BaseFont"): NameObject("/Courier")})  # fmt: skip
    blank[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
    )
    content = DecodedStreamObject()
    content.set_data(stream.encode())
    blank[NameObject("/Contents")] = content
    writer.add_metadata({f"/{k}": v for k, v in info.items()})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
