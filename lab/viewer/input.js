// Buttons, keys, pointer, touch and wheel: how a person changes the view.

// ---- changing the view -------------------------------------------------------------------------

function setWipe(share) { state.wipe = share; redraw(); }

function setMode(mode) {
  state.mode = mode;
  for (const node of element.querySelectorAll('[data-mode]')) {
    node.setAttribute('aria-pressed', node.dataset.mode === mode);
  }
  announce(say(mode));
  redraw();
}

function setSmooth(on) {
  state.smooth = on;
  press('[data-smooth="yes"]', on);
  press('[data-smooth="no"]', !on);
  announce(say(on ? 'smooth' : 'pixels'));
  redraw();
}

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
  fit: () => { state.view = { fit: true, zoom: 1, x: 0.5, y: 0.5 }; redraw(); },
  one: () => zoomTo(1),
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

element.querySelector('.bar').addEventListener('click', ({ target }) => {
  const { mode, act: action, smooth } = target.closest('button')?.dataset ?? {};
  if (mode) setMode(mode);
  if (action) perform(action);
  if (smooth) setSmooth(smooth === 'yes');
});

// ---- keys --------------------------------------------------------------------------------------

const KEYS = { '+': 'in', '=': 'in', '-': 'out', 0: 'fit', 1: 'one' };
const PAN = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

stage.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const moved = event.target === handle
    ? geometry.wipeKey(state.wipe, event.key, event.shiftKey) : null;
  if (moved !== null) {
    state.pointer = null;
    setWipe(moved);
  } else if (event.key in KEYS) perform(KEYS[event.key]);
  else if (event.key in PAN && event.target === stage && state.pictures.length) {
    const step = Math.round((event.shiftKey ? 240 : 48) * state.ratio);
    const [dx, dy] = PAN[event.key].map((sign) => sign * step);
    state.pointer = null;
    state.view = geometry.panBy(state.view, state.scene, state.panels[0], dx, dy);
    redraw();
  } else return;
  event.preventDefault();
  event.stopPropagation();
});

// ---- pointer, touch and wheel ------------------------------------------------------------------

const held = new Map();
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
  held.set(event.pointerId, devicePoint(event));
  drag = wiping() && (state.view.fit || handle.contains(event.target)) ? 'wipe' : 'pan';
  stage.dataset.held = '';
  (wiping() ? handle : stage).focus({ preventScroll: true });
  event.preventDefault();
});

stage.addEventListener('pointermove', (event) => {
  const point = devicePoint(event);
  state.pointer = point;
  const before = held.get(event.pointerId);
  if (!before || !state.pictures.length) { redraw(); return; }
  const others = [...held].filter(([id]) => id !== event.pointerId).map(([, where]) => where);
  held.set(event.pointerId, point);
  const panel = panelHere(before);
  if (others.length === 1) {
    const move = geometry.pinch([before, others[0]], [point, others[0]]);
    state.view = geometry.panBy(state.view, state.scene, panel, move.dx, move.dy);
    const zoom = state.view.fit
      ? geometry.fitZoom(state.scene, panel) : state.view.zoom;
    zoomTo(zoom * move.factor, { x: move.x, y: move.y });
  } else if (drag === 'wipe') {
    setWipe(geometry.wipeShare(panel, point.x));
  } else {
    state.view = geometry.panBy(
      state.view, state.scene, panel, point.x - before.x, point.y - before.y);
    redraw();
  }
});

function release(event) {
  held.delete(event.pointerId);
  if (!held.size) { drag = null; delete stage.dataset.held; }
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
