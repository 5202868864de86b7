"""Entry point of a Hugging Face Space: the same lab, for strangers."""

from __future__ import annotations

from lab.app import serve_strangers

if __name__ == "__main__":
    serve_strangers()
