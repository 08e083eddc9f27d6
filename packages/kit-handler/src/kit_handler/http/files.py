"""Files as answers: bytes, type and name."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike


def file_fields(
    source: "str | PathLike[str] | bytes", *, filename: str | None, content_type: str | None, inline: bool
) -> tuple[dict[str, str], bytes]:
    """Return the header fields and the bytes of a path or of the content itself."""
    if isinstance(source, bytes):
        content = source
    else:
        from pathlib import Path

        content = Path(source).read_bytes()
        filename = filename or Path(source).name
    if content_type is None:
        from mimetypes import guess_type

        kind, packed = guess_type(filename or "")
        content_type = (None if packed else kind) or "application/octet-stream"
        if content_type.startswith("text/"):
            content_type += "; charset=utf-8"
    disposition = "inline" if inline else "attachment"
    if filename:
        disposition += f"; {_name(filename)}"
    return {"Content-Type": content_type, "Content-Disposition": disposition}, content


def _name(filename: str) -> str:
    """Return the parameter that names the file: RFC 6266, with the encoded form of RFC 8187 where it is needed."""
    if filename.isascii() and filename.isprintable() and not set(filename) & set('"\\%'):
        return f'filename="{filename}"'
    from urllib.parse import quote

    return f"filename*=UTF-8''{quote(filename, safe='', errors='replace')}"
