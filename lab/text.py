"""Every word the lab shows, in one table: another language is another table.

Labels of Gradio's own parts are translated in the browser (`i18n`); sentences with numbers in them
are filled here (`say`).
"""

from __future__ import annotations

import gradio as gr

ENGLISH: dict[str, str] = {
    # the house
    "app.title": "realesr lab",
    "app.address": "The lab is open at {address} (Ctrl-C closes it)",
    # the page Upscale
    "upscale.title": "Make a small photo larger",
    "upscale.lead": (
        "A network trained on deliberately spoiled photos repairs yours while it enlarges it. "
        "What it adds is a guess: compare before you trust it."
    ),
    "upscale.photo": "Your photo",
    "upscale.kept_own": (
        "Your photo stays on the machine that runs this lab. It and its results are deleted "
        "when you remove it, close this page or stop the lab."
    ),
    "upscale.kept_public": (
        "Your photo is sent to the machine that runs this page. It and its results are deleted "
        "when you remove it, and after ten minutes in any case."
    ),
    "upscale.model": "Model",
    "upscale.scale": "Enlarge",
    "upscale.run": "Upscale",
    "upscale.cancel": "Cancel",
    "upscale.download": "Download ×{scale}",
    "upscale.download_input": "Save the input",
    "upscale.repeat": "Do the same without this page",
    "upscale.repeat_first": "First, in the folder of realesr: source .venv/bin/activate",
    "upscale.command": "Command line",
    "upscale.python": "Python",
    "upscale.sample_credit": (
        "Sample: “coffee” by Rachel Michetti (CC0, from scikit-image), shrunk to 256 × 256 pixels "
        "and saved as a poor JPEG."
    ),
    "copy.copy": "Copy",
    "copy.copied": "Copied",
    "copy.name": "Copy: {title}",
    # models
    "model.plain": "{name} · plain filter, no model",
    "model.local": "{name} · on this machine",
    "model.remote": "{name} · downloaded on first use",
    "model.remote_size": "{name} · downloaded on first use ({megabytes} MB)",
    "model.about": "{description} Licence: {licence}.",
    "model.hub": "{name} · from the Hugging Face Hub",
    "model.about_hub": "Its card is at huggingface.co/{name}.",
    "model.about_unknown": "A weights file from a folder in REALESR_WEIGHTS.",
    # the plan before a run
    "plan.size": "{width} × {height} → {new_width} × {new_height} pixels",
    "plan.tiles": "{count} tiles",
    "plan.one_tile": "in one piece",
    "plan.download": "downloads the model first",
    "plan.time": "about {time} on this machine",
    "plan.no_time": "time unknown until it has run once",
    # while it runs and after
    "run.waiting": "Waiting for the jobs before yours …",
    "run.loading": "Loading the model …",
    "run.fetching": "Downloading the model: {done} of {total} MB",
    "run.fetching_open": "Downloading the model: {done} MB",
    "run.progress": "Progress",
    "run.one_tile": "Working in one piece · about {left}",
    "run.tiles_open": "{done} of {total} tiles",
    "run.tiles": "{done} of {total} tiles · about {left} left",
    "run.saving": "Writing the PNG …",
    "run.done": "Done in {time}.",
    "run.other": (
        "This result is still ×{scale} with {model}. Press Upscale to use the new settings."
    ),
    "run.cancelled": "Cancelled.",
    "run.ready": "Ready.",
    "time.seconds": "{count} s",
    "time.minutes": "{count} min",
    "time.hours": "{count} h",
    # names above the pictures
    "shown.input": "Input",
    "shown.sample": "Sample",
    "shown.result": "{model} ×{scale}",
    # errors of the lab's own
    "error.bug": "something broke here that should not have.",
    "error.bug_next": "Try another photo or model; the lab's log has the details.",
    "error.request": "the call does not fit this lab, or names a file that was not uploaded.",
    "error.request_next": "/gradio_api/info lists what can be called, and with what.",
    "error.address": "the lab cannot listen on {host}, port {port}: {reason}.",
    "error.port_range": "a port is a number from 1 to 65535",
    "error.address_next": "Choose another port with --port, or stop the program that uses it.",
    "error.too_large": (
        "×{scale} of {width} × {height} gives {megapixels} MP; the limit here is {limit} MP."
    ),
    "error.too_large_next": "Choose a smaller factor, or use the command line.",
    "error.model": "model {name!r} is not offered here.",
    "error.model_next": "Choose one from the list.",
    "error.scale": "scale {scale} is not offered here.",
    "error.scale_next": "Choose 2, 3, 4 or 8.",
    # the viewer
    "viewer.toolbar": "Viewer",
    "viewer.modes": "How to compare",
    "viewer.wipe": "Wipe",
    "viewer.side": "Side by side",
    "viewer.zoom": "Zoom",
    "viewer.zoom_out": "Zoom out",
    "viewer.zoom_in": "Zoom in",
    "viewer.zoom_now": "Zoom now",
    "viewer.zoom_value": "Zoom {zoom}",
    "viewer.fit": "Fit",
    "viewer.one": "1:1",
    "viewer.one_name": "1:1, one pixel of the result on one of the screen",
    "viewer.fit_hint": "The whole picture in the window (key 0)",
    "viewer.one_hint": "One pixel of the result on one pixel of the screen (key 1)",
    "viewer.zoom_hint": (
        "Counted in pixels of the result: at 2×, each covers 2 × 2 pixels of the screen"
    ),
    "viewer.pixels_hint": "Show each pixel as a square, blending nothing",
    "viewer.smooth_hint": "Blend neighbouring pixels on the screen; the file stays as it is",
    "viewer.enlarging": "How pixels are enlarged",
    "viewer.pixels": "Pixels",
    "viewer.smooth": "Smooth",
    "viewer.stage": "Pictures: arrow keys move, plus and minus zoom, 0 fits",
    "viewer.wipe_handle": "Wipe between the two pictures",
    "viewer.wipe_value": "{percent} % {left}, the rest {right}",
    "viewer.readout": "Pixel under the pointer",
    "viewer.where": "x {x}, y {y}",
    "viewer.outside": "Point at a picture to read its numbers",
    "viewer.reading": "reading …",
    "viewer.icc": "raw numbers, colour profile not applied",
    "viewer.keys": (
        "Keys: ← → move the wipe (Shift: 10 %), + and − zoom, 0 fits, 1 is 1:1. "
        "Drag to pan, wheel or pinch to zoom."
    ),
    "viewer.loaded": "Showing {names}",
    "viewer.empty": (
        "No picture to show. Drop another photo into “Your photo”, or remove it to see the sample."
    ),
    "viewer.gone": "This picture is no longer kept here. Run it again to see it.",
    "viewer.undecodable": "The browser could not read this picture. Download it to look at it.",
    "viewer.too_large": "{megapixels} MP are too many to show on this device. Download the PNG.",
}

i18n = gr.I18n(en=ENGLISH)


def say(key: str, **values: object) -> str:
    """The sentence of that key, filled in.

    >>> say("plan.tiles", count=3)
    '3 tiles'
    """
    return ENGLISH[key].format(**values)


def words(room: str) -> dict[str, str]:
    """Every word of one room of the table, without the room's name.

    >>> words("viewer")["fit"]
    'Fit'
    """
    return {
        key.removeprefix(f"{room}."): text
        for key, text in ENGLISH.items()
        if key.startswith(f"{room}.")
    }


def duration(seconds: float) -> str:
    """A time as people say it, rounded up.

    >>> duration(0.4), duration(89), duration(200), duration(8000)
    ('1 s', '89 s', '4 min', '3 h')
    """
    if seconds < 90:
        return say("time.seconds", count=max(1, -int(-seconds // 1)))
    if seconds < 90 * 60:
        return say("time.minutes", count=-int(-seconds // 60))
    return say("time.hours", count=-int(-seconds // 3600))
