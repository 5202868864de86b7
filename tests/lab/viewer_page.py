"""A page with nothing but the viewer: started by the tests with a folder of pictures."""

from __future__ import annotations

import sys
from pathlib import Path

import gradio as gr

from lab.look import theme
from lab.text import words
from lab.viewer import CompareViewer, Scene, Shown, View, tiles


def main(folder: Path, side: int) -> None:
    """Serve the folder's pictures, each set in a folder of its own; the first is shown.

    Pictures over 0.1 megapixels together are cut into tiles of that ``side``.
    """
    tiles.ROOM, tiles.SMALL, tiles.SIDE = 100_000, 30_000, side
    sets = {
        place.name: [Shown(path, path.stem) for path in sorted(place.glob("*.png"))]
        for place in sorted(folder.iterdir())
    }
    first = next(iter(sets))
    with gr.Blocks(analytics_enabled=False) as page:
        gr.Markdown("# Viewer")
        viewer = CompareViewer(
            sets[first], words=words("viewer"), follow_address=True, elem_id="viewer"
        )
        for name, pictures in sets.items():
            gr.Button(name, elem_id=f"show-{name}").click(
                lambda pictures=pictures: pictures, outputs=viewer, show_progress="hidden"
            )
        text = gr.Textbox(label="view", elem_id="text")
        gr.Button("ask", elem_id="ask").click(
            lambda view: view.to_text() if view else "", viewer, text
        )
        gr.Button("set", elem_id="set").click(
            lambda word: Scene(sets[first], View.from_text(word)), text, viewer
        )
    page.launch(
        quiet=True, theme=theme(), ssr_mode=False, footer_links=[], allowed_paths=[str(folder)]
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
