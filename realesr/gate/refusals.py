"""One place where the many exceptions of the decoders become coded refusals."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from realesr.errors import PictureError, RealesrError, ResourceError

_ONE_AT_A_TIME = threading.RLock()
_CUT_SHORT = ("truncat", "end of file", "unexpected end", "eof", "not enough", "premature")


@contextmanager
def decoder(name: str) -> Iterator[None]:
    """Run other people's decoders: one at a time, silent, and refusing with our codes.

    Python's warning filters belong to the whole process, so only one thread may change them at
    once; that also bounds the memory of decoding to one picture.

    Args:
        name: The file's name, for the sentence of a refusal.

    Raises:
        PictureError: E103 or E104 for whatever the decoder raised, E106 for a decompression bomb.
        ResourceError: E301 when memory ran out.
    """
    from PIL import Image

    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            yield
        except RealesrError:
            raise
        except MemoryError as error:
            raise ResourceError(
                "E301",
                f"there is not enough memory to decode {name}.",
                "Close other programs, or make the picture smaller first.",
            ) from error
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise PictureError(
                "E106", f"{name} unpacks to far more pixels than its header says.", "Do not use it."
            ) from error
        except Exception as error:
            # Decoders answer damage with any class there is: OSError, ValueError, RuntimeError,
            # SyntaxError, NotImplementedError, struct.error, zlib.error, cv2.error, KeyError ...
            raise damaged(name, str(error)) from error


def damaged(name: str, detail: str = "") -> PictureError:
    """The refusal of a file that is cut short (E103) or otherwise broken (E104)."""
    if any(words in detail.lower() for words in _CUT_SHORT):
        return cut_short(name)
    reason = " ".join(detail.split())[:120].strip(" .:")
    because = f" (the decoder says: {reason})" if reason and "object at 0x" not in reason else ""
    return PictureError("E104", f"{name} is damaged{because}.", "Copy or download it again.")


def cut_short(name: str, share: float | None = None) -> PictureError:
    """The refusal of a file that stops early, with the share of its data that is there."""
    if share is None:
        where = "before its picture is complete"
    else:
        where = f"after {min(max(int(share * 100), 0), 99)} % of its data"
    return PictureError("E103", f"{name} ends {where}.", "Copy or download it again.")
