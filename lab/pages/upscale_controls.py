"""The controls of the page Upscale: one for each setting, their ranges read from its fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import gradio as gr

from lab.settings import FIELDS, MOST, UpscaleSettings
from lab.shelf import Shelf
from lab.text import i18n, say
from realesr.commands.deciding import OPTIONS
from realesr.commands.upscaling import ends_of_denoise
from realesr.inference.auto_plan import Plan
from realesr.inference.decisions import Decision

_STEPS = {"shrink": 0.1}
_FINER = ("strength", "sharpen", "keep_grain", "shrink", "fix_colour", "consistent")


class Controls:
    """The controls, and the way from their values to settings and back.

    Attributes:
        parts: The control of each setting, by name.
        decide: The button that leaves everything to the check-up.
    """

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.parts: dict[str, gr.components.Component] = {}

    # ---- building -------------------------------------------------------------------------------

    def build_main(self, settings: UpscaleSettings) -> None:
        """Model and size: what everybody chooses."""
        offers = self.shelf.offers()
        self.parts["model"] = gr.Dropdown(
            [(offer.label, offer.name) for offer in offers],
            value=settings.model,
            label=i18n("upscale.model"),
            info=self.about(settings.model),
            filterable=False,
            elem_id="model",
        )
        self.parts["denoise"] = self._dial(settings)
        self.parts["scale"] = gr.Radio(
            _factors(settings.scale), value=settings.scale, label=i18n("upscale.scale"),
            elem_id="scale",
        )  # fmt: skip
        self.parts["size"] = gr.Textbox(
            value=settings.size,
            label=i18n("upscale.size"),
            info=i18n("upscale.size_info"),
            placeholder=say("upscale.size_hint"),
            max_lines=1,
            elem_id="size",
        )

    def build_finer(self, settings: UpscaleSettings) -> None:
        """What is done before and after the network."""
        for name in _FINER:
            self.parts[name] = _control(name, getattr(settings, name))

    def build_decisions(self, settings: UpscaleSettings) -> None:
        """What the check-up decides, each to be taken back."""
        self.decide = gr.Button(i18n("upscale.decide"), size="sm", elem_id="decide")
        self.parts["auto"] = gr.CheckboxGroup(
            _undecided(),
            value=sorted(settings.decided),
            label=i18n("upscale.auto"),
            info=i18n("upscale.auto_info"),
            visible=bool(settings.decided),
            elem_id="auto",
        )

    def build_file(self, settings: UpscaleSettings) -> None:
        """What the file is that a person takes home."""
        self.parts["format"] = gr.Radio(
            [(say(f"upscale.{name}"), name) for name in FIELDS["format"].options],
            value=settings.format,
            label=i18n("upscale.format"),
            elem_id="format",
        )  # fmt: skip
        self.parts["keep_gps"] = _control("keep_gps", settings.keep_gps)

    def _dial(self, settings: UpscaleSettings) -> gr.Slider:
        return gr.Slider(
            0, 1, step=0.05, elem_id="denoise", buttons=[], **self._dial_state(settings)
        )

    # ---- from values to settings and back -------------------------------------------------------

    @property
    def names(self) -> list[str]:
        """The settings, in the order of ``inputs``."""
        return list(self.parts)

    @property
    def inputs(self) -> list[gr.components.Component]:
        """The controls, as events take them."""
        return list(self.parts.values())

    def settings(self, values: tuple[Any, ...]) -> UpscaleSettings:
        """What the controls say.

        Raises:
            ParameterError: E001.
        """
        given = dict(zip(self.names, values, strict=True))
        chosen = frozenset(given.pop("auto") or ()) & set(OPTIONS)
        if "model" in chosen:
            chosen |= {"denoise"}
        given["size"] = (given["size"] or "").strip()
        if self.ends(given["model"]) is None or given["denoise"] == self._rest(given["model"]):
            given["denoise"] = None
        return UpscaleSettings.made_of(given).deciding(chosen).settled

    def show(self, settings: UpscaleSettings, plan: Plan | None = None) -> dict[Any, Any]:
        """Every control set to what the settings say, and to what a plan decided."""
        decided = {} if plan is None else {name: getattr(plan, name) for name in settings.decided}
        if "consistent" in decided:
            decided["consistent"] = decided["consistent"] == "full"
        now = dataclasses.replace(settings, **decided)
        changes: dict[Any, Any] = {}
        for name, part in self.parts.items():
            if name not in ("auto", "denoise", "model", "scale"):
                changes[part] = gr.update(value=getattr(now, name))
        changes[self.parts["denoise"]] = gr.update(**self._dial_state(now))
        changes[self.parts["model"]] = gr.update(value=now.model, info=self.about(now.model))
        changes[self.parts["scale"]] = gr.update(value=now.scale, choices=_factors(now.scale))
        made = {} if plan is None else {each.name: each for each in plan.decisions}
        changes[self.parts["auto"]] = gr.update(
            choices=_undecided() if plan is None else _decisions(made),
            value=[name for name in OPTIONS if name in settings.decided and name in made],
            visible=plan is not None,
        )
        return changes

    def about(self, model: str) -> str:
        """A sentence on a model."""
        return next((offer.about for offer in self.shelf.offers() if offer.name == model), "")

    def ends(self, model: str) -> tuple[str, str] | None:
        """The two models that the dial of a model lies between."""
        spec = self.shelf.spec(model)
        return ends_of_denoise(spec) if spec and spec.blend_with else None

    def _rest(self, model: str) -> float:
        """Where the dial stands when nobody turned it: at the model itself."""
        ends = self.ends(model)
        return float(ends is not None and ends[1] == model)

    def _dial_state(self, settings: UpscaleSettings) -> dict[str, Any]:
        ends = self.ends(settings.model)
        value = self._rest(settings.model) if settings.denoise is None else settings.denoise
        noise = bool(ends and "wdn" in ends[0])
        return {
            "visible": ends is not None,
            "value": value,
            "label": say("upscale.denoise" if noise else "upscale.fidelity"),
            "info": say("upscale.denoise_info", low=ends[0], high=ends[1]) if ends else "",
        }


def _factors(scale: float) -> list[tuple[str, float]]:
    factors = sorted({*range(1, MOST + 1), scale})
    return [(f"{factor:g}×", float(factor)) for factor in factors]


def _control(name: str, value: Any) -> gr.components.Component:
    """A slider for a number, a box to tick for a yes or no."""
    field = FIELDS[name]
    words: dict[str, Any] = {
        "label": i18n(f"upscale.{name}"),
        "info": i18n(f"upscale.{name}_info"),
        "elem_id": name,
    }
    if field.kind == "bool":
        return gr.Checkbox(value, **words)
    assert field.span is not None
    return gr.Slider(
        field.span.low, field.span.high, value, step=_STEPS.get(name, 0.05), buttons=[], **words
    )


def _undecided() -> list[tuple[str, str]]:
    return [(say(f"decision.{name}"), name) for name in OPTIONS]


def _decisions(made: Mapping[str, Decision]) -> list[tuple[str, str]]:
    """Each decision with its reason, as the words beside a box to tick."""
    return [
        (
            say(
                "decision.made",
                what=say(f"decision.{name}"),
                value=_value(name, made[name].value),
                reason=made[name].sentence,
            ),
            name,
        )
        for name in OPTIONS
        if name in made
    ]


def _value(name: str, value: object) -> str:
    if name == "shrink" and value == 1:
        return say("decision.no")
    if isinstance(value, bool):
        return say("decision.yes" if value else "decision.no")
    if value in ("plain", "full", "off"):
        return say(f"decision.{value}")
    return f"{value:g}" if isinstance(value, float) else str(value)
