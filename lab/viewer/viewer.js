// State, words and what is shown now. The scripts beside it share one scope.

const part = (name) => element.querySelector(`[data-part="${name}"]`);
const [stage, canvas, handle, captions] = ['stage', 'canvas', 'handle', 'captions'].map(part);
const [message, readout, live, zoomText] = ['message', 'readout', 'live', 'zoom'].map(part);
const context = canvas.getContext('2d', { alpha: false });
const still = matchMedia('(prefers-reduced-motion: reduce)');

const FIT = { fit: true, zoom: 1, x: 0.5, y: 0.5 };
const state = {
  pictures: [], scene: { width: 0, height: 0 }, panels: [], words: {},
  mode: 'wipe', before: 'wipe', smooth: false, wipe: 0.5, view: { ...FIT },
  pair: null, chosen: null, // positions in `pictures`; null: first and last, or all
  signed: false, gain: 4, surround: 'grey', hertz: still.matches ? 0 : 1, blink: 0, lens: null,
  width: 1, height: 1, ratio: 1, pointer: null,
};

const say = (key, values = {}) =>
  (state.words[key] ?? '').replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
const announce = (sentence) => { live.textContent = sentence; };

// ---- which pictures ----------------------------------------------------------------------------

const several = () => state.pictures.length > 1;
const wiping = () => state.mode === 'wipe' && several();
const ofPair = () => ['wipe', 'difference'].includes(state.mode);
const exists = (index) => index < state.pictures.length;

const pair = () => (state.pair?.every(exists) ? state.pair : [0, state.pictures.length - 1]);
function chosen() {
  const found = (state.chosen ?? []).filter(exists);
  return found.length ? found : state.pictures.map((_, index) => index);
}
const left = () => state.pictures[pair()[0]];
const right = () => state.pictures[pair()[1]];
const blinking = () => chosen()[state.blink % chosen().length];

// Positions of the pictures that are compared now, in the order they are read out.
function compared() {
  if (!several()) return state.pictures.length ? [0] : [];
  return ofPair() ? pair() : chosen();
}

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

function press(selector, on) {
  for (const node of element.querySelectorAll(selector)) node.setAttribute('aria-pressed', on);
}

// ---- the view as a word ------------------------------------------------------------------------

function currentView() {
  const { fit, zoom, x, y } = state.view;
  const some = ofPair() ? state.pair : state.chosen;
  return viewText.write({
    mode: state.mode, zoom: fit ? null : Math.max(zoom, 0.001), of: fit ? null : state.scene.width,
    x: fit ? 0.5 : x, y: fit ? 0.5 : y, pictures: (some ?? []).map((index) => index + 1),
    wipe: Math.round(state.wipe * 100), smooth: state.smooth, signed: state.signed,
    gain: state.gain, surround: state.surround,
  });
}

function applyView(text) {
  const view = viewText.read(text);
  const some = view.pictures.length ? view.pictures.map((number) => number - 1) : null;
  Object.assign(state, {
    mode: view.mode, wipe: view.wipe / 100, smooth: view.smooth, signed: view.signed,
    gain: view.gain, surround: view.surround, pair: null, chosen: null,
  });
  if (ofPair()) state.pair = some?.length === 2 ? some : null;
  else state.chosen = some;
  // The zoom was chosen for a scene of that width; the one here may have other pixels.
  const factor = view.of && state.scene.width ? view.of / state.scene.width : 1;
  state.view = view.zoom === null ? { ...FIT }
    : { fit: false, zoom: view.zoom * factor, x: view.x, y: view.y };
  settleControls();
  redraw();
}

let told = null;
let telling = 0;

// Tell the page outside, once the hand rests.
function report() {
  clearTimeout(telling);
  telling = setTimeout(() => {
    const text = currentView();
    if (text === told || !state.pictures.length) return;
    told = text;
    props.value = { ...props.value, view: text };
    if (props.value.address) keepInAddress(text);
    part('viewer').dispatchEvent(new CustomEvent('viewchange', { bubbles: true, detail: text }));
  }, 300);
}

function keepInAddress(text) {
  const address = new URL(location.href);
  if (text === 'wipe') address.searchParams.delete('view');
  else address.searchParams.set('view', text);
  history.replaceState(history.state, '', address);
}
