// Drawing: each way to compare, on whole device pixels.

let planned = false;
function redraw() {
  if (planned) return;
  planned = true;
  requestAnimationFrame(() => { planned = false; draw(); });
}

function arrange() {
  const count = state.mode === 'side' ? compared().length : 1;
  const strip = Math.round(28 * state.ratio);
  const gap = count > 1 ? Math.round(8 * state.ratio) : 0;
  state.panels = geometry.panels(count, state, state.scene, gap, strip);
  if (state.scene.width) {
    state.view = geometry.settle(state.view, state.scene, state.panels[0]);
  }
}

function checkerboard(onto, area, colours) {
  const size = Math.round(8 * state.ratio);
  [onto.fillStyle] = colours;
  onto.fillRect(area.x, area.y, area.width, area.height);
  [, onto.fillStyle] = colours;
  for (let y = 0; y * size < area.height; y += 1) {
    for (let x = y % 2; x * size < area.width; x += 2) {
      onto.fillRect(area.x + x * size, area.y + y * size, size, size);
    }
  }
}

// ---- one picture -------------------------------------------------------------------------------

function drawBitmap(onto, bitmap, box, clip, smooth) {
  const shown = geometry.visiblePart(box, bitmap, clip);
  if (!shown) return;
  // Making smaller without smoothing would drop pixels and look sharper than the picture is.
  onto.imageSmoothingEnabled = smooth || shown.factor < 1;
  onto.imageSmoothingQuality = 'high';
  onto.drawImage(bitmap, shown.sx, shown.sy, shown.sw, shown.sh,
    shown.dx, shown.dy, shown.dw, shown.dh);
}

// Gives whether every pixel was drawn from the file itself; else a preview stands in for some.
function drawPicture(picture, corner, clip, onto = context, ground = ['#ffffff', '#cccccc']) {
  const whole = geometry.boxOf(corner, picture, { left: 0, top: 0, ...picture });
  if (clip.width < 1 || clip.height < 1 || !geometry.meet(whole, clip)) return true;
  onto.save();
  for (const { x, y, width, height } of picture.alpha ? [clip, whole] : [clip]) {
    onto.beginPath();
    onto.rect(x, y, width, height);
    onto.clip();
  }
  if (picture.alpha) checkerboard(onto, clip, ground);
  const pieces = picture.pieces
    .map((piece) => [piece, geometry.boxOf(corner, picture, piece)])
    .filter(([, box]) => geometry.meet(box, clip));
  const few = !picture.preview || pieces.length * compared().length <= MOST_PIECES;
  const loaded = few
    ? pieces.map(([piece, box]) => [pixelsOf(picture, piece), box]).filter(([pixels]) => pixels)
    : [];
  const complete = loaded.length === pieces.length;
  if (!complete) drawBitmap(onto, picture.preview, whole, clip, true);
  for (const [{ bitmap }, box] of loaded) drawBitmap(onto, bitmap, box, clip, state.smooth);
  onto.restore();
  return complete;
}

// ---- the ways to compare -----------------------------------------------------------------------

const cornerIn = (panel) => geometry.origin(state.view, state.scene, panel);

const modes = {
  wipe(panel) {
    const edge = geometry.wipeEdge(panel, state.wipe);
    const corner = cornerIn(panel);
    const half = Math.floor(panel.width / 2);
    caption(left(), { ...panel, width: half },
      drawPicture(left(), corner, { ...panel, width: edge - panel.x }));
    caption(right(), { ...panel, x: panel.x + half, width: half },
      drawPicture(right(), corner, { ...panel, x: edge, width: panel.x + panel.width - edge }),
      'end');
    handle.style.left = `${edge / state.ratio}px`;
    describeWipe();
  },
  side() {
    compared().forEach((index, at) => alone(state.pictures[index], state.panels[at]));
  },
  blink(panel) { alone(state.pictures[blinking()], panel); },
  difference(panel) {
    const [one, other] = [left(), right()];
    const corner = cornerIn(panel);
    const complete = drawDifference(one, other, corner, panel);
    const names = say(state.signed ? 'signed_of' : 'absolute_of', {
      left: one.name, right: other.name, gain: state.gain });
    write(complete ? names : `${names} · ${say('preview')}`, panel);
  },
  loupe(panel) {
    const shown = compared().map((index) => state.pictures[index]);
    alone(shown[0], panel);
    drawLoupe(shown, panel);
  },
};

function alone(picture, panel) {
  caption(picture, panel, drawPicture(picture, cornerIn(panel), panel));
}

const layers = [0, 1].map(() =>
  new OffscreenCanvas(1, 1).getContext('2d', { alpha: false, willReadFrequently: true }));

function drawDifference(one, other, corner, panel) {
  const scene = geometry.boxOf(corner, { scale: 1 }, { left: 0, top: 0, ...state.scene });
  const from = { x: Math.max(scene.x, panel.x), y: Math.max(scene.y, panel.y) };
  const width = Math.min(scene.x + scene.width, panel.x + panel.width) - from.x;
  const height = Math.min(scene.y + scene.height, panel.y + panel.height) - from.y;
  if (width < 1 || height < 1) return true;
  const shifted = { ...corner, x: corner.x - from.x, y: corner.y - from.y };
  const [read, whole] = [[], []];
  [one, other].forEach((picture, i) => {
    Object.assign(layers[i].canvas, { width, height });
    const clip = { x: 0, y: 0, width, height };
    whole.push(drawPicture(picture, shifted, clip, layers[i], ['#000000', '#000000']));
    read.push(layers[i].getImageData(0, 0, width, height).data);
  });
  const painted = new ImageData(difference.paint(...read, state), width, height);
  context.putImageData(painted, from.x, from.y);
  return whole.every(Boolean);
}

const lensPoint = (panel) => state.lens
  ?? { x: panel.x + (panel.width >> 1), y: panel.y + Math.round(panel.height * 0.62) };

function drawLoupe(shown, panel) {
  const point = lensPoint(panel);
  const corner = cornerIn(panel);
  const zoom = geometry.clamp(Math.round(Math.max(corner.zoom, 1) * 4), 4, 32);
  const [sx, sy] = [(point.x - corner.x) / corner.zoom, (point.y - corner.y) / corner.zoom];
  const boxes = geometry.lenses(panel, point, shown.length, state.ratio);
  boxes.forEach((box, i) => {
    frame(box);
    context.fillStyle = '#6b6b6b';
    context.fillRect(box.x, box.y, box.width, box.height);
    drawPicture(shown[i], {
      zoom, x: Math.round(box.x + box.width / 2 - sx * zoom),
      y: Math.round(box.y + box.height / 2 - sy * zoom),
    }, box);
    const strip = Math.round(24 * state.ratio);
    write(shown[i].name, { ...box, y: box.y - strip + Math.round(28 * state.ratio) }, 'lens');
  });
  const seen = Math.max(Math.round((boxes[0].width / zoom) * corner.zoom), 4);
  frame({ x: point.x - (seen >> 1), y: point.y - (seen >> 1), width: seen, height: seen }, true);
}

function frame({ x, y, width, height }, hollow = false) {
  const line = Math.max(1, Math.round(state.ratio));
  const around = (by, colour) => {
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.strokeRect(x - by, y - by, width + 2 * by, height + 2 * by);
  };
  around(hollow ? 0.5 * line : 1.5 * line, '#111111');
  around(hollow ? 1.5 * line : 0.5 * line, '#ffffff');
}

// ---- everything --------------------------------------------------------------------------------

const SURROUNDS = { grey: '#6b6b6b', black: '#000000', white: '#ffffff' };

function draw() {
  if (state.surround === 'checkerboard') {
    checkerboard(context, { x: 0, y: 0, ...state }, ['#ffffff', '#cccccc']);
  } else {
    context.fillStyle = SURROUNDS[state.surround];
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  stage.dataset.surround = state.surround;
  arrange();
  handle.hidden = !wiping();
  captions.replaceChildren();
  if (!state.pictures.length) {
    zoomText.textContent = '–';
    readout.replaceChildren();
    drawMap();
    return;
  }
  if (several() || state.mode === 'loupe') modes[state.mode](state.panels[0]);
  else alone(state.pictures[0], state.panels[0]);
  const zoom = geometry.zoomOf(state.view, state.scene, state.panels[0]);
  zoomText.textContent = `${zoom >= 1 ? +zoom.toFixed(2) : zoom.toFixed(2)}×`;
  const pans = !state.view.fit;
  stage.dataset.drag = state.mode === 'loupe' ? 'loupe' : pans ? 'pan' : wiping() ? 'wipe' : 'none';
  stage.style.touchAction = stage.dataset.drag === 'none' || stage.dataset.drag === 'wipe'
    ? 'pan-y' : 'none';
  press('[data-act="fit"]', state.view.fit);
  press('[data-act="one"]', zoom === 1 && !state.view.fit); // one lit button at a time
  showNumbers();
  drawMap();
  report();
}

function describeWipe() {
  const percent = Math.round(state.wipe * 100);
  handle.setAttribute('aria-valuenow', percent);
  handle.setAttribute('aria-valuetext', say('wipe_value', {
    percent, left: left()?.name, right: right()?.name,
  }));
}

function caption(picture, panel, complete, kind) {
  const room = panel.width / state.ratio;
  const size = `${picture.width} × ${picture.height}`;
  const told = room > 240 && !/\d × \d/.test(picture.name); // some names say a size already
  write([
    picture.name, told ? size : '', complete ? '' : say('preview'),
    room > 400 && picture.icc ? say('icc') : '',
  ].filter(Boolean).join(' · '), panel, kind);
}

function write(text, panel, kind) {
  const span = document.createElement('span');
  span.textContent = text;
  span.style.left = `${panel.x / state.ratio}px`;
  span.style.top = `${panel.y / state.ratio - 28}px`;
  span.style.width = `${panel.width / state.ratio}px`;
  if (kind) span.dataset.kind = kind;
  captions.append(span);
}
