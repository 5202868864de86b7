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

async function loadPicture(entry) {
  const { width, height, scale, name, bits, channels, icc } = entry;
  const picture = { width, height, scale, name, bits, channels, icc, url: entry.file.url };
  const answer = await fetch(picture.url);
  if (!answer.ok) throw new Error('gone');
  const blob = await answer.blob();
  picture.alpha = channels === 2 || channels === 4;
  picture.bitmap = await createImageBitmap(blob, {
    premultiplyAlpha: 'none', colorSpaceConversion: 'none', imageOrientation: 'none',
  });
  picture.exact = null;
  picture.ready = picture.alpha || bits === 16
    ? blob.arrayBuffer().then(decodeInWorker).then((plain) => { picture.exact = plain; })
    : Promise.resolve();
  return picture;
}

const probe = new OffscreenCanvas(1, 1).getContext('2d', {
  willReadFrequently: true, alpha: false, colorSpace: 'srgb',
});
probe.imageSmoothingEnabled = false;

// The numbers of one pixel as they stand in the file; null while they are still being decoded.
function readPixel(picture, { x, y }) {
  if (picture.exact) {
    const { width, channels, bits, flat } = picture.exact;
    const at = (y * width + x) * channels;
    const wide = (index) => (flat[2 * (at + index)] << 8) | flat[2 * (at + index) + 1];
    return Array.from({ length: channels },
      (_, index) => (bits === 16 ? wide(index) : flat[at + index]));
  }
  if (picture.alpha || picture.bits === 16) return null;
  probe.drawImage(picture.bitmap, x, y, 1, 1, 0, 0, 1, 1);
  const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
  return picture.channels === 1 ? [red] : [red, green, blue];
}
