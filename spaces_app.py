"""Entry point of a Hugging Face Space: the same lab, for strangers."""

from __future__ import annotations

from lab.app import build_app, end_when_told, server_settings
from lab.workbench import Workbench

if __name__ == "__main__":
    end_when_told()
    bench = Workbench(public=True)
    bench.warm_up()
    build_app(bench).launch(server_name="0.0.0.0", **server_settings())
