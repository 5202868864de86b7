// From an address to pixels: a bitmap to draw, and the exact numbers to read.
//
// A browser's canvas stores colour multiplied by alpha in 8 bit, and shows only the high byte of
// 16 bit. So transparent and 16-bit PNG are decoded here a second time, in a worker, for reading.

// Runs inside the worker: gray or RGB, with or without alpha, 8 or 16 bit, not interlaced.
async function decodePng(buffer) {
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  const parts = [];
  let header = null;
  for (let at = 8; at + 12 <= bytes.length; at += view.getUint32(at) + 12) {
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const body = bytes.subarray(at + 8, at + 8 + view.getUint32(at));
    if (name === 'IHDR') header = new DataView(body.slice().buffer);
    if (name === 'IDAT') parts.push(body);
  }
  const [width, height] = [header.getUint32(0), header.getUint32(4)];
  const [bits, colour, interlace] = [header.getUint8(8), header.getUint8(9), header.getUint8(12)];
  const channels = { 0: 1, 2: 3, 4: 2, 6: 4 }[colour];
  if (!channels || interlace || (bits !== 8 && bits !== 16)) return null;
  const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream('deflate'));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  const step = (channels * bits) / 8;
  const row = width * step;
  const flat = new Uint8Array(row * height);
  for (let y = 0; y < height; y += 1) {
    const filter = packed[y * (row + 1)];
    const from = y * (row + 1) + 1;
    const to = y * row;
    for (let i = 0; i < row; i += 1) {
      const left = i >= step ? flat[to + i - step] : 0;
      const up = y ? flat[to + i - row] : 0;
      const corner = y && i >= step ? flat[to + i - row - step] : 0;
      let guess = 0;
      if (filter === 1) guess = left;
      else if (filter === 2) guess = up;
      else if (filter === 3) guess = (left + up) >> 1;
      else if (filter === 4) {
        const [a, b, c] = [
          Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
        guess = a <= b && a <= c ? left : b <= c ? up : corner;
      }
      flat[to + i] = packed[from + i] + guess;
    }
  }
  return { width, height, channels, bits, flat };
}

const decodeInWorker = (buffer) => new Promise((resolve) => {
  const source = `${decodePng};
    onmessage = async ({ data }) => {
      const plain = await decodePng(data).catch(() => null);
      postMessage(plain, plain ? [plain.flat.buffer] : []);
    };`;
  const address = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const worker = new Worker(address);
  const finish = (plain) => {
    worker.terminate();
    URL.revokeObjectURL(address);
    resolve(plain);
  };
  worker.onmessage = ({ data }) => finish(data);
  worker.onerror = () => finish(null);
  worker.postMessage(buffer, [buffer]);
});

async function loadPixels(url, { channels, bits }, exact = true) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error('gone');
  const blob = await answer.blob();
  const bitmap = await createImageBitmap(blob, {
    premultiplyAlpha: 'none', colorSpaceConversion: 'none', imageOrientation: 'none',
  });
  const pixels = { bitmap, exact: null, ready: Promise.resolve() };
  if (exact && (channels === 2 || channels === 4 || bits === 16)) {
    pixels.ready = blob.arrayBuffer().then(decodeInWorker).then((plain) => {
      pixels.exact = plain;
    });
  }
  return pixels;
}

async function loadPicture(entry) {
  const { width, height, scale, name, bits, channels, icc, tiles, side } = entry;
  const picture = { width, height, scale, name, bits, channels, icc, url: entry.file.url };
  picture.alpha = channels === 2 || channels === 4;
  const whole = await loadPixels(picture.url, picture, !tiles);
  picture.preview = tiles ? whole.bitmap : null;
  picture.pieces = tiles
    ? geometry.tilesOf(picture, side).map((box, i) => ({ ...box, url: tiles[i].url, pixels: null }))
    : [{ left: 0, top: 0, width, height, pixels: whole }];
  const share = 160 / Math.max(whole.bitmap.width, whole.bitmap.height);
  const small = share < 1 ? {
    resizeWidth: Math.max(1, Math.round(whole.bitmap.width * share)),
    resizeHeight: Math.max(1, Math.round(whole.bitmap.height * share)),
    resizeQuality: 'medium',
  } : {};
  picture.thumb = await createImageBitmap(whole.bitmap, small);
  return picture;
}

function dispose(picture) {
  picture.gone = true;
  [picture.preview, picture.thumb].forEach((bitmap) => bitmap?.close());
  for (const piece of picture.pieces) letGo(piece);
}

// ---- the pieces of very large pictures ---------------------------------------------------------

const MOST_PIECES = matchMedia('(pointer: coarse)').matches ? 12 : 40; // of 4 MB each
let moment = 0;
let held = [];

function letGo(piece) {
  piece.pixels?.bitmap.close();
  piece.pixels = null;
  held = held.filter((other) => other !== piece);
}

// The piece's pixels, or null while they are on their way.
function pixelsOf(picture, piece) {
  piece.used = (moment += 1);
  if (piece.pixels || !piece.url || piece.coming) return piece.pixels;
  piece.coming = loadPixels(piece.url, picture).then((pixels) => {
    if (picture.gone) { pixels.bitmap.close(); return; }
    piece.pixels = pixels;
    held.push(piece);
    held.sort((one, other) => other.used - one.used).slice(MOST_PIECES).forEach(letGo);
    piece.coming = null;
    pixels.ready.then(redraw);
    redraw();
  }, () => {}); // its picture is gone on the server: the preview stays
  return null;
}

const pieceAt = (picture, { x, y }) => picture.pieces.find((piece) =>
  x >= piece.left && y >= piece.top && x < piece.left + piece.width && y < piece.top + piece.height);

// ---- numbers -----------------------------------------------------------------------------------

const probe = new OffscreenCanvas(1, 1).getContext('2d', {
  willReadFrequently: true, alpha: false, colorSpace: 'srgb',
});
probe.imageSmoothingEnabled = false;

// The numbers of one pixel as they stand in the file; null while they are still being decoded.
function readPixel(picture, at) {
  const piece = pieceAt(picture, at);
  const pixels = pixelsOf(picture, piece);
  if (!pixels) return null;
  const [x, y] = [at.x - piece.left, at.y - piece.top];
  if (pixels.exact) {
    const { width, channels, bits, flat } = pixels.exact;
    const from = (y * width + x) * channels;
    const wide = (index) => (flat[2 * (from + index)] << 8) | flat[2 * (from + index) + 1];
    return Array.from({ length: channels },
      (_, index) => (bits === 16 ? wide(index) : flat[from + index]));
  }
  if (picture.alpha || picture.bits === 16) return null;
  probe.drawImage(pixels.bitmap, x, y, 1, 1, 0, 0, 1, 1);
  const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
  return picture.channels === 1 ? [red] : [red, green, blue];
}

// All numbers of a picture that is not cut up, row by row as in the file; 16 bit high byte first.
async function readPicture({ pieces: [piece], preview, width, height, channels, bits }) {
  if (preview) return null;
  await piece.pixels.ready;
  if (piece.pixels.exact) return piece.pixels.exact;
  const whole = new OffscreenCanvas(width, height).getContext('2d', { alpha: false });
  whole.drawImage(piece.pixels.bitmap, 0, 0);
  const { data } = whole.getImageData(0, 0, width, height);
  const flat = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i += 1) {
    for (let c = 0; c < channels; c += 1) flat[i * channels + c] = data[i * 4 + c];
  }
  return { width, height, channels, bits, flat };
}
