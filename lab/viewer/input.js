// Buttons, keys, pointer, touch and wheel: how a person changes the view.

// ---- changing the view -------------------------------------------------------------------------

function setWipe(share) { state.wipe = share; redraw(); }

function zoomTo(zoom, point) {
  if (!state.pictures.length) return;
  const panel = panelHere(point);
  const { x, y } = point ?? { x: panel.x + panel.width / 2, y: panel.y + panel.height / 2 };
  state.view = geometry.zoomAt(state.view, state.scene, panel, zoom, x, y);
  redraw();
}

const act = {
  in: () => zoomStep(1),
  out: () => zoomStep(-1),
  fit: () => { state.view = { ...FIT }; redraw(); },
  one: () => zoomTo(1),
  near: () => (state.view.fit ? zoomTo(1) : act.fit()),
  reset: () => { Object.assign(state, { wipe: 0.5, lens: null, pair: null, chosen: null }); act.fit(); },
};

function zoomStep(direction) {
  const panel = state.panels[0];
  const zoom = geometry.zoomOf(state.view, state.scene, panel);
  zoomTo(geometry.nextZoom(zoom, geometry.fitZoom(state.scene, panel), direction));
}

function perform(name) {
  if (!state.pictures.length) return;
  act[name]();
  requestAnimationFrame(() => announce(say('zoom_value', { zoom: zoomText.textContent })));
}

element.querySelector('.viewer').addEventListener('click', ({ target }) => {
  const { mode, act: action, smooth, picture, hertz, gain, signed, flip: turn } =
    target.closest('button')?.dataset ?? {};
  if (mode) setMode(mode);
  if (action) perform(action);
  if (smooth) setSmooth(smooth === 'yes');
  if (picture) choose(Number(picture));
  if (hertz) setSpeed(Number(hertz));
  if (turn) flip();
  if (gain) Object.assign(state, { gain: Number(gain) });
  if (signed) Object.assign(state, { signed: signed === 'yes' });
  if (gain || signed) { settleControls(); redraw(); }
});

part('surround').addEventListener('change', ({ target }) => {
  state.surround = target.value;
  redraw();
});

// ---- keys --------------------------------------------------------------------------------------

const KEYS = {
  '+': () => perform('in'), '=': () => perform('in'), '-': () => perform('out'),
  0: () => perform('reset'), z: () => perform('near'),
  w: () => setMode('wipe'), s: () => toggleMode('side'), b: () => toggleMode('blink'),
  d: () => toggleMode('difference'), l: () => toggleMode('loupe'),
};
for (let digit = 1; digit <= 9; digit += 1) KEYS[digit] = () => choose(digit - 1);
const PAN = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function moveBy([across, down], far) {
  const step = Math.round((state.mode === 'loupe' ? 8 : 48) * (far ? 5 : 1) * state.ratio);
  const panel = state.panels[0];
  state.pointer = null;
  if (state.mode === 'loupe') {
    const { x, y } = lensPoint(panel);
    moveLens({ x: x - across * step, y: y - down * step });
  } else {
    state.view = geometry.panBy(state.view, state.scene, panel, across * step, down * step);
    redraw();
  }
}

function moveLens({ x, y }) {
  const panel = state.panels[0];
  state.lens = {
    x: geometry.clamp(x, panel.x, panel.x + panel.width - 1),
    y: geometry.clamp(y, panel.y, panel.y + panel.height - 1),
  };
  redraw();
}

stage.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const moved = event.target === handle
    ? geometry.wipeKey(state.wipe, key, event.shiftKey) : null;
  if (moved !== null) {
    state.pointer = null;
    setWipe(moved);
  } else if (key === ' ' && state.mode === 'blink' && several()) flip();
  else if (Object.hasOwn(KEYS, key)) KEYS[key]();
  else if (key in PAN && event.target === stage && state.pictures.length) {
    moveBy(PAN[key], event.shiftKey);
  } else return;
  event.preventDefault();
  event.stopPropagation();
});

// ---- pointer, touch and wheel ------------------------------------------------------------------

const fingers = new Map();
let drag = null;

function devicePoint(event) {
  const box = stage.getBoundingClientRect();
  return {
    x: Math.floor((event.clientX - box.left) * state.ratio),
    y: Math.floor((event.clientY - box.top) * state.ratio),
  };
}

stage.addEventListener('pointerdown', (event) => {
  if (event.button > 0 || !state.pictures.length) return;
  stage.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, devicePoint(event));
  drag = wiping() && (state.view.fit || handle.contains(event.target)) ? 'wipe' : 'pan';
  if (state.mode === 'loupe') {
    drag = 'loupe';
    moveLens(devicePoint(event));
  }
  stage.dataset.held = '';
  (wiping() ? handle : stage).focus({ preventScroll: true });
  event.preventDefault();
});

stage.addEventListener('pointermove', (event) => {
  const point = devicePoint(event);
  state.pointer = point;
  const before = fingers.get(event.pointerId);
  if (state.mode === 'loupe' && fingers.size < 2 && event.pointerType === 'mouse') moveLens(point);
  if (!before || !state.pictures.length) { redraw(); return; }
  const others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, where]) => where);
  fingers.set(event.pointerId, point);
  const panel = panelHere(before);
  if (others.length === 1) {
    const move = geometry.pinch([before, others[0]], [point, others[0]]);
    state.view = geometry.panBy(state.view, state.scene, panel, move.dx, move.dy);
    const zoom = state.view.fit
      ? geometry.fitZoom(state.scene, panel) : state.view.zoom;
    zoomTo(zoom * move.factor, { x: move.x, y: move.y });
  } else if (drag === 'wipe') {
    setWipe(geometry.wipeShare(panel, point.x));
  } else if (drag === 'loupe') {
    moveLens(point);
  } else {
    state.view = geometry.panBy(
      state.view, state.scene, panel, point.x - before.x, point.y - before.y);
    redraw();
  }
});

function release(event) {
  fingers.delete(event.pointerId);
  if (!fingers.size) { drag = null; delete stage.dataset.held; }
}
stage.addEventListener('pointerup', release);
stage.addEventListener('pointercancel', release);
stage.addEventListener('pointerleave', () => { state.pointer = null; redraw(); });

stage.addEventListener('wheel', (event) => {
  if (!state.pictures.length) return;
  const point = devicePoint(event);
  const panel = panelHere(point);
  const outward = event.deltaY > 0;
  const zoom = state.view.fit ? geometry.fitZoom(state.scene, panel) : state.view.zoom;
  if (outward && state.view.fit && zoom <= 1) return; // nothing smaller: the page scrolls on
  const lines = event.deltaMode === 1 ? 20 : 1;
  zoomTo(zoom * Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), point);
  event.preventDefault();
}, { passive: false });
