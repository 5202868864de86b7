// What is shown, as a word for a link: `side_z4_x0.3_p1-3`. The same word as `View` in view.py.

const viewText = (() => {
  const MODES = ['wipe', 'side', 'blink', 'difference', 'loupe'];
  const SURROUNDS = ['grey', 'black', 'white', 'checkerboard'];
  const plain = {
    mode: 'wipe', zoom: null, of: null, x: 0.5, y: 0.5, pictures: [], wipe: 50,
    smooth: false, signed: false, gain: 4, surround: 'grey',
  };
  const short = (share) => String(+share.toFixed(6));

  function write(view) {
    const parts = [view.mode];
    if (view.zoom !== null) parts.push(`z${+view.zoom.toPrecision(6)}`);
    if (view.of !== null) parts.push(`of${view.of}`);
    for (const axis of ['x', 'y']) if (short(view[axis]) !== '0.5') parts.push(axis + short(view[axis]));
    if (view.pictures.length) parts.push(`p${view.pictures.join('-')}`);
    if (view.wipe !== 50) parts.push(`w${view.wipe}`);
    for (const word of ['smooth', 'signed']) if (view[word]) parts.push(word);
    if (view.gain !== 4) parts.push(`g${view.gain}`);
    if (view.surround !== 'grey') parts.push(view.surround);
    return parts.join('_');
  }

  const within = (number, low, high) => number >= low && number <= high;
  const numbers = {
    z: (text) => within(+text, 1e-6, 16) && { zoom: +text },
    of: (text) => within(+text, 1, 1e6) && { of: Math.round(+text) },
    x: (text) => within(+text, 0, 1) && { x: +text },
    y: (text) => within(+text, 0, 1) && { y: +text },
    w: (text) => within(+text, 0, 100) && { wipe: Math.round(+text) },
    g: (text) => [1, 4, 16].includes(+text) && { gain: +text },
    p: (text) => {
      const chosen = text.split('-').map(Number);
      return chosen.every((number) => within(number, 1, 99)) && { pictures: chosen };
    },
  };

  // A link may be old or mistyped: what is not understood is left as at first.
  function read(text) {
    const found = { ...plain };
    for (const token of String(text).split('_')) {
      const [, word, number] = /^([a-z]+)([\d.-]*)$/.exec(token) ?? [];
      if (!number && MODES.includes(word)) found.mode = word;
      else if (!number && SURROUNDS.includes(word)) found.surround = word;
      else if (!number && ['smooth', 'signed'].includes(word)) found[word] = true;
      else if (number && word in numbers) Object.assign(found, numbers[word](number) || {});
    }
    return found;
  }

  return { write, read, MODES, SURROUNDS };
})();
