"""How the lab looks: one accent, system fonts, 16 px; the rest stands in `look.css`."""

from __future__ import annotations

import gradio as gr

_ACCENT = gr.themes.Color(
    name="accent",
    c50="#eaf4fb", c100="#d3e8f6", c200="#a8d2ee", c300="#7dbbe5", c400="#56b4e9",
    c500="#0072b2", c600="#0067a1", c700="#005587", c800="#00436b", c900="#00324f",
    c950="#002137",
)  # fmt: skip
_SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Liberation Sans", "sans-serif")
_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Liberation Mono", "monospace")


def theme() -> gr.themes.Base:
    """Gradio's plain theme in our colours: Okabe-Ito blue on neutral grey."""
    plain = gr.themes.Base(
        primary_hue=_ACCENT,
        secondary_hue=_ACCENT,
        neutral_hue="neutral",
        text_size=gr.themes.sizes.text_lg,
        radius_size=gr.themes.sizes.radius_md,
        font=list(_SANS),
        font_mono=list(_MONO),
    )
    return plain.set(
        body_text_color_subdued="#595959",
        body_text_color_subdued_dark="#b4b4b4",
        block_info_text_color="#595959",
        block_info_text_color_dark="#b4b4b4",
        block_label_text_color="#262626",
        block_label_text_color_dark="#e5e5e5",
        block_title_text_color="#262626",
        block_title_text_color_dark="#e5e5e5",
        button_primary_background_fill="#0072b2",
        button_primary_background_fill_hover="#005587",
        button_primary_background_fill_dark="#56b4e9",
        button_primary_background_fill_hover_dark="#7dbbe5",
        button_primary_border_color="#0072b2",
        button_primary_border_color_dark="#56b4e9",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#00131f",
        button_large_text_size="*text_md",
        button_large_text_weight="600",
        color_accent="#0072b2",
        link_text_color="#005587",
        link_text_color_dark="#7dbbe5",
        link_text_color_hover="#00436b",
        link_text_color_hover_dark="#a8d2ee",
        link_text_color_visited="#005587",
        link_text_color_visited_dark="#7dbbe5",
        border_color_primary="#d4d4d4",
        border_color_primary_dark="#4a4a4a",
    )
