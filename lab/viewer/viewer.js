// The stage: state, words, drawing and read-out. The scripts beside it share one scope.

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
  for (const node of element.querySelectorAll('[data-hint]')) {
    node.title = say(node.dataset.hint);
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
  press('[data-act="one"]', zoom === 1 && !state.view.fit); // one lit button at a time
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
