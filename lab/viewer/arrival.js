// What Python sends: pictures come, pictures go, and the stage follows its size on screen.

const BUDGET = matchMedia('(pointer: coarse)').matches ? 40e6 : 160e6; // pixels, 4 bytes each
let turn = 0;
let started = false;

function tell(sentence) {
  message.textContent = sentence;
  message.hidden = !sentence;
}

function commit(pictures) {
  const kept = new Set(pictures);
  for (const picture of state.pictures) if (!kept.has(picture)) dispose(picture);
  const before = state.scene;
  state.pictures = pictures;
  state.scene = geometry.sceneOf(pictures);
  state.view = geometry.carryOver(state.view, before, state.scene);
  for (const { pieces } of pictures) pieces.forEach(({ pixels }) => pixels?.ready.then(redraw));
  tell(pictures.length ? '' : say('empty'));
  announce(pictures.length
    ? say('loaded', { names: pictures.map((p) => p.name).join(', ') }) : say('empty'));
  settleControls();
  redraw();
}

// A view comes from Python, or with the first pictures from the page's address.
function adoptView({ view, address }) {
  const linked = address && !started ? new URLSearchParams(location.search).get('view') : null;
  started = true;
  if (linked ?? view) applyView(linked ?? view);
}

async function show() {
  const mine = (turn += 1);
  const value = props.value ?? {};
  state.words = value.words ?? state.words;
  speak();
  const entries = value.images ?? [];
  const pixels = entries.reduce((sum, { width, height, tiles }) =>
    sum + (tiles ? 4e6 : width * height), 0);
  if (pixels > BUDGET) {
    commit([]);
    tell(say('too_large', { megapixels: Math.round(pixels / 1e6) }));
    return;
  }
  const known = new Map(state.pictures.map((picture) => [picture.url, picture]));
  try {
    const pictures = await Promise.all(entries.map(async (entry) => {
      const old = known.get(entry.file.url);
      known.delete(entry.file.url); // the same file twice is two pictures
      return old ? Object.assign(old, { name: entry.name, scale: entry.scale }) : loadPicture(entry);
    }));
    if (mine !== turn) {
      pictures.forEach((picture) => state.pictures.includes(picture) || dispose(picture));
      return;
    }
    commit(pictures);
    if (pictures.length) adoptView(value);
  } catch (problem) {
    if (mine !== turn) return;
    commit([]);
    tell(say(problem.message === 'gone' ? 'gone' : 'undecodable'));
  }
}

const observer = new ResizeObserver(([entry]) => {
  if (!element.isConnected) {
    observer.disconnect();
    state.pictures.forEach(dispose);
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

// For the page around it: what is seen, as a word; and the exact numbers of a picture.
part('viewer').viewer = {
  view: currentView,
  setView: applyView,
  pixels: (index) => readPicture(state.pictures[index]),
};

watch('value', show);
show();
