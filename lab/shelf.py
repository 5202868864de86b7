"""The models a person can choose from, loaded in the background and kept while there is room."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.settings import UpscaleSettings
from lab.text import say
from realesr.errors import ModelError
from realesr.models.catalogue import DEFAULT_MODEL, ModelSpec, known_models

if TYPE_CHECKING:
    from realesr.models.loading import LoadedModel

_ROOM = 3  # models kept in memory: one, its partner, and another's
_GLANCE = 0.25  # seconds between two looks at a running download


@dataclass(frozen=True)
class Offer:
    """A model a person can choose: its name, the line in the list, and a sentence on it."""

    name: str
    label: str
    about: str


@dataclass(frozen=True)
class Loading:
    """A model on its way: bytes fetched so far, of all bytes; both 0 while it is only read."""

    done: int = 0
    total: int | None = 0


class Shelf:
    """Models by name.

    Args:
        public: Whether strangers use it: then only bundled models are offered.
    """

    def __init__(self, *, public: bool) -> None:
        self._public = public
        self._added: list[str] = []
        self._loaded: dict[str, LoadedModel] = {}
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="model-loader")

    @property
    def first(self) -> str:
        """What is chosen where nobody chose: ``REALESR_FIRST_MODEL``, else the default model."""
        return os.environ.get("REALESR_FIRST_MODEL") or DEFAULT_MODEL

    def offers(self) -> list[Offer]:
        """The models to choose from: the first one, then the bundled ones, then all others."""
        from realesr.models.loading import local_names

        local = [] if self._public else local_names()
        known = sorted(filter(self._is_fit, known_models()), key=lambda spec: not spec.is_bundled)
        offers = [Offer(spec.name, _label(spec, local), _about(spec)) for spec in known]
        strangers = [name for name in local if name not in {spec.name for spec in known}]
        offers += [_stranger(name) for name in strangers]
        allowed = os.environ.get("REALESR_ALLOWED_MODELS", "").split(",")
        listed = [self.first, *(name.strip() for name in allowed), *self._added]
        there = {offer.name for offer in offers}
        more = [name for name in dict.fromkeys(listed) if name and name not in there]
        offers += [_of_the_hub(name) for name in more]
        return sorted(offers, key=lambda offer: offer.name != self.first)

    def _is_fit(self, spec: ModelSpec) -> bool:
        """Whether it enlarges pictures and may be used here."""
        upscales = spec.architecture != "unet_discriminator"
        return upscales and (spec.is_bundled or not self._public)

    def add(self, name: str) -> Generator[Loading, None, LoadedModel]:
        """Load a model of the Hub, or a file of this machine, and offer it from now on.

        Raises:
            ModelError: E208 on a Space for what its owner did not list in
                ``REALESR_ALLOWED_MODELS``, E201 to E210 for what is no upscaler.
            NetworkError: When it cannot be fetched.
        """
        if self._public and name not in {offer.name for offer in self.offers()}:
            raise ModelError("E208", say("error.model", name=name), say("error.listed_next"))
        model = yield from self.fetch(name)
        if name not in {offer.name for offer in self.offers()}:
            self._added.append(name)
        return model

    def check(self, name: str) -> None:
        """Refuse what is not on offer.

        Raises:
            ModelError: E208.
        """
        if name not in {offer.name for offer in self.offers()}:
            raise ModelError("E208", say("error.model", name=name), say("error.model_next"))

    def loaded(self, name: str) -> LoadedModel | None:
        """The model if it is in memory."""
        return self._loaded.get(name)

    def spec(self, name: str) -> ModelSpec | None:
        """What is known of a model now: from its weights, else from the catalogue."""
        if name in self._loaded:
            return self._loaded[name].spec
        return next((spec for spec in known_models() if spec.name == name), None)

    def facts(self, name: str) -> dict[str, object]:
        """What is known of a model, as plain values."""
        from realesr.models.locating import place_of

        known = next((each for each in known_models() if each.name == name), None)
        if known is not None:
            return {**known.as_dict(), "place": place_of(known)}
        spec = self.spec(name)
        return {"name": name} if spec is None else spec.as_dict()

    def partner(self, name: str) -> str | None:
        """The model that another one blends with."""
        spec = self.spec(name)
        return spec.blend_with if spec else None

    def is_away(self, name: str) -> bool:
        """Whether the weights may have to be downloaded."""
        from realesr.models.loading import local_names

        spec = self.spec(name)
        if spec is None or name in self._loaded:
            return False
        return spec.is_remote and name not in local_names()

    def fetch(self, name: str) -> Generator[Loading, None, LoadedModel]:
        """Load a model in the background, saying how far it is; a person can leave meanwhile."""
        if name in self._loaded:
            return self._loaded[name]
        reached = [Loading()]
        future = self.submit(
            lambda: self._load(name, lambda done, total: reached.append(Loading(done, total)))
        )
        while not future.done():
            yield reached[-1]
            wait([future], timeout=_GLANCE)
        return future.result()

    def fetch_all(self, settings: UpscaleSettings) -> Generator[Loading, None, None]:
        """Load what settings ask for: the model, and its partner where the two are blended."""
        partner = self.partner(settings.model) if settings.denoise is not None else None
        for name in filter(None, (partner, settings.model)):
            yield from self.fetch(name)

    def submit(self, work: Callable[[], LoadedModel]) -> Future[LoadedModel]:
        """Queue work behind whatever is being loaded."""
        return self._loader.submit(work)

    def load(self, name: str) -> LoadedModel:
        """Load a model here and now."""
        return self._load(name, None)

    def _load(self, name: str, progress: Callable[[int, int | None], None] | None) -> LoadedModel:
        from realesr.models.loading import load_model

        if name not in self._loaded:
            model = load_model(name, progress=progress)
            while len(self._loaded) >= _ROOM:
                self._loaded.pop(next(iter(self._loaded)))
            self._loaded[name] = model
        return self._loaded[name]


def _label(spec: ModelSpec, local: list[str]) -> str:
    if spec.architecture == "resampler":
        return say("model.plain", name=spec.name)
    if spec.is_bundled:
        return spec.name
    if spec.name in local:
        return say("model.local", name=spec.name)
    if spec.size:
        return say("model.remote_size", name=spec.name, megabytes=round(spec.size / 1e6))
    return say("model.remote", name=spec.name)


def _about(spec: ModelSpec) -> str:
    return say("model.about", description=spec.description, licence=spec.licence)


def _of_the_hub(name: str) -> Offer:
    return Offer(name, say("model.hub", name=name), say("model.about_hub", name=name))


def _stranger(name: str) -> Offer:
    return Offer(name, say("model.local", name=name), say("model.about_unknown"))
