// How two pictures differ, as colours: cividis for how much, blue and orange for darker, brighter.
// Pure functions on the numbers of the screen's pixels.

const difference = (() => {
  const MAGNITUDE = [
    [0, 34, 78], [0, 46, 106], [26, 56, 111], [50, 67, 109], [67, 78, 108], [83, 90, 109],
    [97, 101, 111], [111, 112, 115], [125, 124, 120], [140, 136, 120], [155, 148, 118],
    [171, 160, 114], [188, 174, 108], [205, 187, 99], [222, 201, 88], [240, 216, 70],
    [254, 232, 56]];
  const SIGNED = [[0, 68, 136], [64, 124, 176], [128, 128, 128], [214, 152, 62], [255, 190, 64]];
  const knots = (signed) => (signed ? SIGNED : MAGNITUDE);

  function colour(list, share) {
    const at = Math.min(Math.max(share, 0), 1) * (list.length - 1);
    const low = Math.min(Math.floor(at), list.length - 2);
    return list[low].map((from, i) => Math.round(from + (list[low + 1][i] - from) * (at - low)));
  }

  // The colour of every difference there can be: 0 to 255, or -255 to 255.
  function table(signed, gain) {
    const first = signed ? -255 : 0;
    const colours = new Uint8ClampedArray((256 - first) * 4);
    for (let level = first; level < 256; level += 1) {
      const share = (level * gain) / 255;
      colours.set([...colour(knots(signed), signed ? 0.5 + share / 2 : share), 255],
        (level - first) * 4);
    }
    return new Uint32Array(colours.buffer);
  }

  // Of all three colours the largest difference; with its sign, that of the brightness.
  const levels = {
    largest: (one, other, at) => Math.max(
      Math.abs(one[at] - other[at]), Math.abs(one[at + 1] - other[at + 1]),
      Math.abs(one[at + 2] - other[at + 2])),
    brightness: (one, other, at) => Math.round(
      0.299 * (other[at] - one[at]) + 0.587 * (other[at + 1] - one[at + 1])
      + 0.114 * (other[at + 2] - one[at + 2])) + 255,
  };

  // `one` and `other` are the RGBA numbers of two opaque pictures; gives those of the drawing.
  function paint(one, other, { signed, gain }) {
    const colours = table(signed, gain);
    const level = signed ? levels.brightness : levels.largest;
    const painted = new Uint8ClampedArray(one.length);
    const pixels = new Uint32Array(painted.buffer);
    for (let i = 0; i < pixels.length; i += 1) pixels[i] = colours[level(one, other, i * 4)];
    return painted;
  }

  const gradient = (signed) =>
    `linear-gradient(90deg, ${knots(signed).map((rgb) => `rgb(${rgb.join()})`).join(', ')})`;
  const reach = (gain) => Math.round(255 / gain);

  return { MAGNITUDE, SIGNED, colour, table, paint, gradient, reach };
})();
