// Below the stage: the numbers under the pointer, and the map of what is in view.

// Without a pointer the numbers are those of the pixel beside the wipe, so that keys can read too.
function probePoint() {
  const panel = state.panels[0];
  if (state.mode === 'loupe') return { ...lensPoint(panel), panel };
  if (state.pointer) return { ...state.pointer, panel: panelHere(state.pointer) };
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
  const shown = compared().map((index) => state.pictures[index]);
  const read = shown.map((picture) => {
    const at = geometry.pixelAt(point, picture);
    return { picture, at, values: at && readPixel(picture, at) };
  });
  readout.replaceChildren(where, ...read.flatMap(row));
  if (state.mode === 'difference' && several()) readout.append(...changeRow(...read));
}

const LETTERS = ['', 'V', 'VA', 'RGB', 'RGBA'];
const spans = (...kinds) => kinds.map((kind) => {
  const node = document.createElement('span');
  node.className = kind;
  return node;
});

function row({ picture, at, values }) {
  const width = picture.bits === 16 ? 5 : 3;
  const [chip, name, numbers] = spans('chip', 'name', 'numbers');
  name.textContent = picture.name;
  const waiting = at && !values ? say('reading') : '';
  const letters = LETTERS[picture.channels];
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

// What the right picture has more or less than the left one; only like is subtracted from like.
function changeRow(one, other) {
  const alike = one.picture.bits === other.picture.bits
    && one.picture.channels === other.picture.channels;
  if (!alike || !one.values || !other.values) return [];
  const letters = LETTERS[one.picture.channels];
  const [chip, name, change] = spans('chip none', 'name', 'change');
  name.textContent = say('difference');
  change.textContent = other.values.map((value, i) => {
    const by = value - one.values[i];
    return `${letters[i]} ${((by > 0 ? '+' : by < 0 ? '−' : '') + Math.abs(by)).padStart(3)}`;
  }).join('  ');
  return [chip, name, change];
}

// ---- map ---------------------------------------------------------------------------------------

const map = part('map');
const mapContext = map.getContext('2d');

function mapBox() {
  const { width, height } = state.scene;
  const room = Math.min(map.width / width, map.height / height);
  return {
    width: width * room, height: height * room,
    x: (map.width - width * room) / 2, y: (map.height - height * room) / 2,
  };
}

function drawMap() {
  const shown = state.pictures[compared()[0]];
  map.dataset.off = shown && !state.view.fit ? '' : 'yes';
  if (!shown) return;
  const [width, height] = [map.clientWidth, map.clientHeight].map((side) =>
    Math.round(side * state.ratio));
  if (map.width !== width || map.height !== height) Object.assign(map, { width, height });
  const box = mapBox();
  mapContext.clearRect(0, 0, width, height);
  mapContext.drawImage(shown.thumb, box.x, box.y, box.width, box.height);
  if (state.view.fit) return;
  const share = geometry.shownShare(state.view, state.scene, state.panels[0]);
  const [x, y] = [box.x + share.x * box.width, box.y + share.y * box.height];
  const line = Math.max(1, Math.round(state.ratio));
  for (const [by, colour] of [[1, '#111111'], [0, '#ffffff']]) {
    mapContext.strokeStyle = colour;
    mapContext.lineWidth = 2 * line - by * line;
    mapContext.strokeRect(x - by * line, y - by * line,
      Math.max(share.width * box.width, 4) + 2 * by * line,
      Math.max(share.height * box.height, 4) + 2 * by * line);
  }
}

function lookAt(event) {
  if (!state.pictures.length || state.view.fit) return;
  const edge = map.getBoundingClientRect();
  const box = mapBox();
  state.view = geometry.settle({
    ...state.view,
    x: ((event.clientX - edge.left) * state.ratio - box.x) / box.width,
    y: ((event.clientY - edge.top) * state.ratio - box.y) / box.height,
  }, state.scene, state.panels[0]);
  state.pointer = null;
  redraw();
}

map.addEventListener('pointerdown', (event) => {
  map.setPointerCapture(event.pointerId);
  lookAt(event);
});
map.addEventListener('pointermove', (event) => {
  if (map.hasPointerCapture(event.pointerId)) lookAt(event);
});
