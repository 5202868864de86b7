// What Python sends: pictures come, pictures go, and the stage follows its size on screen.

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
  announce(pictures.length
    ? say('loaded', { names: pictures.map((p) => p.name).join(', ') }) : say('empty'));
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
