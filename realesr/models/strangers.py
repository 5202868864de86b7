"""Words for what is not an upscaler: networks by parameter names, other files by their start."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from realesr.models.storage import printable

# The first family with a matching parameter name is the answer, so the telling ones come first.
_FAMILIES: list[tuple[str, str]] = [
    (r"(^|\.)(exp_avg|exp_avg_sq|momentum_buffer)$", "looks like the state of an optimizer"),
    (r"(^|\.)lora_|\.lora\.", "looks like a LoRA"),
    (r"^conv\d\.weight_(orig|u)$|^(conv0_0|bn0_1|linear1)\.",
     "this is the training judge (discriminator), not the generator"),
    (r"relative_position_(bias|index)", "looks like SwinIR, HAT or a relative"),
    (r"^model\.1\.sub\.0\.RDB1\.", "looks like ESRGAN with its parameter names of 2018"),
    (r"^unet1\.conv1\.", "looks like Real-CUGAN"),
    (r"^block_1\.c1_r\.", "looks like SPAN"),
    (r"^(body\.0\.body\.0|sub_mean|add_mean)\.", "looks like EDSR or RCAN"),
    (r"^stylegan_decoder\.|^style_convs?\.", "looks like GFPGAN or StyleGAN2"),
    (r"^model\.diffusion_model\.|(^|\.)time_embed(ding\.linear_1|\.0)\.",
     "looks like a UNet of Stable Diffusion"),
    (r"^(first_stage_model\.|(de|en)coder\.(mid|up|down)(_blocks?)?\.)",
     "looks like a VAE of Stable Diffusion"),
    (r"(^|\.)embeddings\.word_embeddings\.|\.attention\.self\.query\.", "looks like BERT"),
    (r"^(visual|vision_model|text_model)\.|(^|\.)(cls_token|class_embedding)$|patch_embed\.",
     "looks like ViT or CLIP"),
    (r"(^|\.)(wte|lm_head|embed_tokens)\.|\.self_attn\.q_proj\.", "looks like a language model"),
    (r"^layer[1-4]\.0\.(conv1|bn1)\.", "looks like ResNet"),
    (r"^features\.\d+\.(squeeze|expand1x1)\.", "looks like SqueezeNet"),
    (r"^features\.0\.weight$|^conv1_1\.", "looks like VGG"),
    (r"^lin\d\.model\.", "looks like the linear layers of LPIPS"),
]  # fmt: skip
_FAMILIES_COMPILED = [(re.compile(pattern), words) for pattern, words in _FAMILIES]

_SIGNATURES: list[tuple[bytes, str]] = [
    (b"\x89PNG", "a PNG picture"), (b"\xff\xd8\xff", "a JPEG picture"), (b"GIF8", "a GIF picture"),
    (b"II*\0", "a TIFF picture"), (b"MM\0*", "a TIFF picture"), (b"BM", "a BMP picture"),
    (b"%PDF", "a PDF document"), (b"\x89HDF", "an HDF5 file (Keras)"), (b"GGUF", "a GGUF file"),
    (b"\x93NUMPY", "a NumPy array"), (b"7z\xbc\xaf", "a 7z archive"), (b"Rar!", "a RAR archive"),
    (b"\x1f\x8b", "a gzip archive"), (b"7767517", "an ncnn network"), (b"\x7fELF", "a program"),
    (b"MZ", "a program"), (b"PK\x05\x06", "an empty zip archive"),
]  # fmt: skip


def describe_stranger(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """What weights that are no upscaler probably are, to follow "m.pth is not an upscaler:".

    Args:
        shapes: The shape of every tensor by its name.

    >>> describe_stranger({"bert.embeddings.word_embeddings.weight": (30522, 768)})
    'looks like BERT (bert.embeddings.word_embeddings.weight…)'
    >>> describe_stranger({"alpha": (3,), "beta": (4, 4)})
    'it holds alpha, beta'
    """
    for pattern, words in _FAMILIES_COMPILED:
        for name in shapes:
            if pattern.search(name):
                return f"{words} ({printable(name)}…)"
    names = list(shapes)
    more = "…" if len(names) > 3 else ""
    return f"it holds {', '.join(map(printable, names[:3]))}{more}"


def recognise(head: bytes) -> str | None:
    """What a file that holds no weights is, judged by its first 4,096 bytes; None when unknown.

    >>> recognise(b"<!DOCTYPE html><title>404 Not Found</title>")
    'a web page ("404 Not Found")'
    >>> recognise(b"version https://git-lfs.github.com/spec/v1")
    'a Git LFS pointer'
    """
    if head.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer"
    if re.match(rb"\s*<(!doctype|html|head|body|\?xml)", head, re.IGNORECASE):
        title = re.search(rb"<title[^>]*>\s*([^<]{1,80})", head, re.IGNORECASE)
        said = html.unescape(title[1].decode("utf-8", "replace")).strip() if title else ""
        return f'a web page ("{printable(said)}")' if said else "a web page"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "a WebP picture"
    if head[4:12] in (b"ftypavif", b"ftypheic", b"ftypmif1"):
        return "an AVIF picture"
    for signature, words in _SIGNATURES:
        if head.startswith(signature):
            return words
    return None
