// The stage: state, drawing, input and read-out. Everything it shows comes from `props.value`.

const part = (name) => element.querySelector(`[data-part="${name}"]`);
const [stage, canvas, handle, captions] = ['stage', 'canvas', 'handle', 'captions'].map(part);
const [message, readout, live, zoomText] = ['message', 'readout', 'live', 'zoom'].map(part);
const context = canvas.getContext('2d', { alpha: false });

const state = {
  pictures: [], scene: { width: 0, height: 0 }, panels: [], words: {},
  mode: 'wipe', smooth: false, wipe: 0.5, view: { fit: true, zoom: 1, x: 0.5, y: 0.5 },
  width: 1, height: 1, ratio: 1, pointer: null, viewId: null,
};

const say = (key, values = {}) =>
  (state.words[key] ?? '').replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
const announce = (sentence) => { live.textContent = sentence; };
const wiping = () => state.mode === 'wipe' && state.pictures.length > 1;
const [first, last] = [() => state.pictures[0], () => state.pictures[state.pictures.length - 1]];
const panelHere = (point) =>
  (point && geometry.panelAt(state.panels, point.x, point.y)) ?? state.panels[0];

// ---- words -------------------------------------------------------------------------------------

function speak() {
  for (const node of element.querySelectorAll('[data-say]')) {
    node.textContent = say(node.dataset.say);
  }
  for (const node of element.querySelectorAll('[data-name]')) {
    node.setAttribute('aria-label', say(node.dataset.name));
  }
}

function describeWipe() {
  const percent = Math.round(state.wipe * 100);
  handle.setAttribute('aria-valuenow', percent);
  handle.setAttribute('aria-valuetext', say('wipe_value', {
    percent, left: first()?.name, right: last()?.name,
  }));
}

// ---- drawing -----------------------------------------------------------------------------------

let planned = false;
function redraw() {
  if (planned) return;
  planned = true;
  requestAnimationFrame(() => { planned = false; draw(); });
}

function arrange() {
  const count = wiping() ? 1 : state.pictures.length;
  const strip = Math.round(28 * state.ratio);
  const gap = count > 1 ? Math.round(8 * state.ratio) : 0;
  state.panels = geometry.panels(count, state, state.scene, gap, strip);
  if (state.scene.width) {
    state.view = geometry.settle(state.view, state.scene, state.panels[0]);
  }
}

function checkerboard(area) {
  const size = Math.round(8 * state.ratio);
  context.fillStyle = '#ffffff';
  context.fillRect(area.x, area.y, area.width, area.height);
  context.fillStyle = '#cccccc';
  for (let y = 0; y * size < area.height; y += 1) {
    for (let x = y % 2; x * size < area.width; x += 2) {
      context.fillRect(area.x + x * size, area.y + y * size, size, size);
    }
  }
}

function drawPicture(picture, panel, clip) {
  const corner = geometry.origin(state.view, state.scene, panel);
  const shown = geometry.visiblePart(corner, picture, clip);
  if (!shown || clip.width < 1) return;
  context.save();
  context.beginPath();
  context.rect(clip.x, clip.y, clip.width, clip.height);
  context.clip();
  if (picture.alpha) {
    context.beginPath();
    context.rect(shown.dx, shown.dy, shown.dw, shown.dh);
    context.clip();
    checkerboard(clip);
  }
  // Making smaller without smoothing would drop pixels and look sharper than the picture is.
  context.imageSmoothingEnabled = state.smooth || shown.factor < 1;
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture.bitmap, shown.sx, shown.sy, shown.sw, shown.sh,
    shown.dx, shown.dy, shown.dw, shown.dh);
  context.restore();
}

function draw() {
  context.fillStyle = getComputedStyle(stage).backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  arrange();
  handle.hidden = !wiping();
  captions.replaceChildren();
  if (!state.pictures.length) {
    zoomText.textContent = '–';
    readout.replaceChildren();
    return;
  }
  if (wiping()) drawWipe(state.panels[0]);
  else state.pictures.forEach((picture, index) => {
    drawPicture(picture, state.panels[index], state.panels[index]);
    caption(picture, state.panels[index], false);
  });
  const zoom = geometry.zoomOf(state.view, state.scene, state.panels[0]);
  zoomText.textContent = `${zoom >= 1 ? +zoom.toFixed(2) : zoom.toFixed(2)}×`;
  const pans = !state.view.fit;
  stage.dataset.drag = pans ? 'pan' : wiping() ? 'wipe' : 'none';
  stage.style.touchAction = pans ? 'none' : 'pan-y';
  press('[data-act="fit"]', state.view.fit);
  press('[data-act="one"]', zoom === 1);
  showNumbers();
}

function drawWipe(panel) {
  const edge = geometry.wipeEdge(panel, state.wipe);
  drawPicture(first(), panel, { ...panel, width: edge - panel.x });
  drawPicture(last(), panel, { ...panel, x: edge, width: panel.x + panel.width - edge });
  const half = Math.floor(panel.width / 2);
  caption(first(), { ...panel, width: half }, false);
  caption(last(), { ...panel, x: panel.x + half, width: half }, true);
  handle.style.left = `${edge / state.ratio}px`;
  describeWipe();
}

function caption(picture, panel, atEnd) {
  const span = document.createElement('span');
  const room = panel.width / state.ratio;
  const size = `${picture.width} × ${picture.height}`;
  span.textContent = [picture.name, room > 240 ? size : '', room > 400 && picture.icc ? say('icc') : '']
    .filter(Boolean).join(' · ');
  span.style.left = `${panel.x / state.ratio}px`;
  span.style.top = `${panel.y / state.ratio - 28}px`;
  span.style.width = `${panel.width / state.ratio}px`;
  if (atEnd) span.dataset.end = '';
  captions.append(span);
}

function press(selector, on) {
  element.querySelector(selector).setAttribute('aria-pressed', on);
}

// ---- numbers -----------------------------------------------------------------------------------

// Without a pointer the numbers are those of the pixel beside the wipe, so that keys can read too.
function probePoint() {
  if (state.pointer) return { ...state.pointer, panel: panelHere(state.pointer) };
  const panel = state.panels[0];
  const x = wiping() ? geometry.wipeEdge(panel, state.wipe) : panel.x + (panel.width >> 1);
  return { x, y: panel.y + (panel.height >> 1), panel };
}

function showNumbers() {
  const { x, y, panel } = probePoint();
  const corner = geometry.origin(state.view, state.scene, panel);
  const point = geometry.sceneAt(corner, state.scene, x, y);
  const where = document.createElement('span');
  where.className = 'where';
  where.textContent = point ? say('where', point) : say('outside');
  readout.replaceChildren(where, ...state.pictures.flatMap((picture) => row(picture, point)));
}

function row(picture, point) {
  const at = geometry.pixelAt(point, picture);
  const values = at && readPixel(picture, at);
  const letters = ['', 'V', 'VA', 'RGB', 'RGBA'][picture.channels];
  const width = picture.bits === 16 ? 5 : 3;
  const [chip, name, numbers] = ['chip', 'name', 'numbers'].map((kind) => {
    const node = document.createElement('span');
    node.className = kind;
    return node;
  });
  name.textContent = picture.name;
  const waiting = at && !values ? say('reading') : '';
  numbers.textContent = values
    ? values.map((value, i) => `${letters[i]} ${String(value).padStart(width)}`).join('  ')
    : waiting;
  if (values) {
    numbers.dataset.values = values.join(' ');
    numbers.dataset.at = `${at.x} ${at.y}`;
    const shade = values.slice(0, picture.channels < 3 ? 1 : 3)
      .map((value) => (picture.bits === 16 ? value >> 8 : value));
    chip.style.background = `rgb(${(shade.length < 3 ? Array(3).fill(shade[0]) : shade).join()})`;
  }
  return [chip, name, numbers];
}

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

// ---- what Python sends -------------------------------------------------------------------------

const BUDGET = matchMedia('(pointer: coarse)').matches ? 32e6 : 128e6; // pixels, 4 bytes each
let turn = 0;

function tell(sentence) {
  message.textContent = sentence;
  message.hidden = !sentence;
}

function commit(pictures) {
  const kept = new Set(pictures.map(({ bitmap }) => bitmap));
  for (const { bitmap } of state.pictures) if (!kept.has(bitmap)) bitmap.close();
  const before = state.scene;
  state.pictures = pictures;
  state.scene = geometry.sceneOf(pictures);
  state.view = geometry.carryOver(state.view, before, state.scene);
  for (const picture of pictures) picture.ready.then(redraw);
  tell(pictures.length ? '' : say('empty'));
  if (pictures.length) announce(say('loaded', { names: pictures.map((p) => p.name).join(', ') }));
  redraw();
}

async function show() {
  const mine = (turn += 1);
  const value = props.value ?? {};
  state.words = value.words ?? state.words;
  speak();
  const entries = value.images ?? [];
  const pixels = entries.reduce((sum, { width, height }) => sum + width * height, 0);
  if (pixels > BUDGET) {
    commit([]);
    tell(say('too_large', { megapixels: Math.round(pixels / 1e6) }));
    return;
  }
  const known = new Map(state.pictures.map((picture) => [picture.url, picture]));
  try {
    const pictures = await Promise.all(entries.map(async (entry) => {
      const old = known.get(entry.file.url);
      return old ? Object.assign(old, { name: entry.name, scale: entry.scale }) : loadPicture(entry);
    }));
    if (mine === turn) commit(pictures);
    else pictures.forEach(({ url, bitmap }) => known.has(url) || bitmap.close());
  } catch (problem) {
    if (mine !== turn) return;
    commit([]);
    tell(say(problem.message === 'gone' ? 'gone' : 'undecodable'));
  }
}

const observer = new ResizeObserver(([entry]) => {
  if (!element.isConnected) {
    observer.disconnect();
    state.pictures.forEach(({ bitmap }) => bitmap.close());
    return;
  }
  const [size] = entry.devicePixelContentBoxSize ?? [];
  const [css] = entry.contentBoxSize;
  if (!css.inlineSize) return;
  state.width = size?.inlineSize ?? Math.round(css.inlineSize * devicePixelRatio);
  state.height = size?.blockSize ?? Math.round(css.blockSize * devicePixelRatio);
  state.ratio = state.width / css.inlineSize;
  Object.assign(canvas, { width: state.width, height: state.height });
  draw();
});
try {
  observer.observe(canvas, { box: 'device-pixel-content-box' });
} catch {
  observer.observe(canvas); // a browser that cannot tell whole device pixels
}

watch('value', show);
show();
