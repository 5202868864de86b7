// The viewer's arithmetic: wipe, zoom, pan, snapping and read-out. Pure functions, no page needed.
//
// Lengths are whole device pixels, so that a source pixel lands on whole screen pixels. The *scene*
// is the largest picture; a smaller one declares how many scene pixels one of its pixels covers
// (`scale`). A view is {fit, zoom, x, y}: device pixels per scene pixel, and the scene's point
// (as a share of its sides) that stands in the middle of a panel.

const geometry = (() => {
  const MAX_ZOOM = 16;
  const STEPS = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16];

  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  function sceneOf(pictures) {
    return pictures.reduce(
      (scene, { width, height, scale }) => ({
        width: Math.max(scene.width, width * scale),
        height: Math.max(scene.height, height * scale),
      }),
      { width: 0, height: 0 },
    );
  }

  // Rectangles for `count` pictures side by side: of all grids the one that shows them largest.
  // Every panel keeps a strip above it free for its caption.
  function panels(count, stage, scene, gap, strip) {
    let best = null;
    for (let columns = 1; columns <= Math.max(count, 1); columns += 1) {
      const rows = Math.ceil(Math.max(count, 1) / columns);
      const width = Math.floor((stage.width - gap * (columns - 1)) / columns);
      const height = Math.floor((stage.height - gap * (rows - 1)) / rows) - strip;
      const room = Math.min(width / (scene.width || 1), height / (scene.height || 1));
      if (!best || room > best.room) best = { room, columns, width, height };
    }
    const { columns, width, height } = best;
    return Array.from({ length: Math.max(count, 1) }, (_, index) => ({
      x: (index % columns) * (width + gap),
      y: Math.floor(index / columns) * (height + strip + gap) + strip,
      width: Math.max(width, 1),
      height: Math.max(height, 1),
    }));
  }

  // Enlarging to fit stops at a whole factor, so that the pixels stay squares of one size.
  function fitZoom(scene, panel) {
    const room = Math.min(panel.width / (scene.width || 1), panel.height / (scene.height || 1));
    return room < 1 ? room : Math.min(Math.floor(room), MAX_ZOOM);
  }

  const zoomLimits = (fit) => ({ low: Math.min(fit, 1), high: MAX_ZOOM });

  // A zoom close to a whole factor is that factor: only there is every pixel drawn exactly.
  function snapZoom(zoom) {
    const whole = Math.round(zoom);
    return whole >= 1 && Math.abs(zoom - whole) < 0.04 * whole ? whole : zoom;
  }

  function nextZoom(zoom, fit, direction) {
    const { low, high } = zoomLimits(fit);
    const stops = [...STEPS, fit].filter((stop) => stop >= low && stop <= high);
    stops.sort((one, other) => one - other);
    const shown = snapZoom(zoom);
    return direction > 0
      ? (stops.find((stop) => stop > shown * 1.001) ?? high)
      : (stops.reverse().find((stop) => stop < shown * 0.999) ?? low);
  }

  const zoomOf = (view, scene, panel) =>
    view.fit ? fitZoom(scene, panel) : snapZoom(view.zoom);

  // A picture smaller than its panel stands in the middle; a larger one leaves no gap at its edge.
  // Millionths, as a link has them: what it brings back is the same to the pixel.
  function clampCentre(share, length, zoom, room) {
    const half = room / 2 / (length * zoom);
    return half >= 0.5 ? 0.5 : Math.round(clamp(share, half, 1 - half) * 1e6) / 1e6;
  }

  function settle(view, scene, panel) {
    const fit = fitZoom(scene, panel);
    const { low, high } = zoomLimits(fit);
    const raw = clamp(view.zoom, low, high);
    const zoom = snapZoom(raw);
    if (view.fit) return { fit: true, zoom: zoom === fit ? raw : fit, x: 0.5, y: 0.5 };
    return {
      fit: zoom === fit,
      zoom: raw,
      x: clampCentre(view.x, scene.width, zoom, panel.width),
      y: clampCentre(view.y, scene.height, zoom, panel.height),
    };
  }

  // Where the scene's corner falls, on a whole device pixel.
  function origin(view, scene, panel) {
    const zoom = zoomOf(view, scene, panel);
    return {
      x: Math.round(panel.x + panel.width / 2 - view.x * scene.width * zoom),
      y: Math.round(panel.y + panel.height / 2 - view.y * scene.height * zoom),
      zoom,
    };
  }

  // Zooms so that the scene's point under (x, y) stays there.
  function zoomAt(view, scene, panel, zoom, x, y) {
    const before = origin(view, scene, panel);
    const { low, high } = zoomLimits(fitZoom(scene, panel));
    const raw = clamp(zoom, low, high);
    const after = snapZoom(raw);
    const point = { x: (x - before.x) / before.zoom, y: (y - before.y) / before.zoom };
    const middle = { x: panel.x + panel.width / 2 - x, y: panel.y + panel.height / 2 - y };
    const next = {
      fit: false,
      zoom: raw,
      x: (point.x + middle.x / after) / scene.width,
      y: (point.y + middle.y / after) / scene.height,
    };
    return settle(next, scene, panel);
  }

  function panBy(view, scene, panel, dx, dy) {
    const zoom = zoomOf(view, scene, panel);
    const next = {
      ...view,
      x: view.x - dx / (scene.width * zoom),
      y: view.y - dy / (scene.height * zoom),
    };
    return settle(next, scene, panel);
  }

  // The same part of the scene, when the scene itself has got more or fewer pixels.
  function carryOver(view, before, after) {
    if (view.fit || !before.width || !after.width) return { fit: true, zoom: 1, x: 0.5, y: 0.5 };
    const sameShape =
      Math.abs(before.width / before.height - after.width / after.height) <
      0.01 * (after.width / after.height);
    if (!sameShape) return { fit: true, zoom: 1, x: 0.5, y: 0.5 };
    return { ...view, zoom: (view.zoom * before.width) / after.width };
  }

  // Where a piece of a picture lies: edges on whole device pixels, so that neighbours meet.
  function boxOf(corner, picture, piece) {
    const factor = corner.zoom * picture.scale;
    const edge = (start, at) => Math.round(start + at * factor);
    const [x, y] = [edge(corner.x, piece.left), edge(corner.y, piece.top)];
    return {
      x, y,
      width: edge(corner.x, piece.left + piece.width) - x,
      height: edge(corner.y, piece.top + piece.height) - y,
    };
  }

  const meet = (one, other) =>
    one.x < other.x + other.width && other.x < one.x + one.width
    && one.y < other.y + other.height && other.y < one.y + one.height;

  // The part of a bitmap filling `box` that shows inside `clip`, as whole source pixels (two more
  // on each side, which smooth enlargement reads), and where it goes.
  function visiblePart(box, bitmap, clip) {
    if (!meet(box, clip)) return null;
    const [across, down] = [box.width / bitmap.width, box.height / bitmap.height];
    const left = clamp(Math.floor((clip.x - box.x) / across) - 2, 0, bitmap.width);
    const top = clamp(Math.floor((clip.y - box.y) / down) - 2, 0, bitmap.height);
    const right = clamp(
      Math.ceil((clip.x + clip.width - box.x) / across) + 2, 0, bitmap.width);
    const bottom = clamp(
      Math.ceil((clip.y + clip.height - box.y) / down) + 2, 0, bitmap.height);
    if (right <= left || bottom <= top) return null;
    return {
      sx: left, sy: top, sw: right - left, sh: bottom - top,
      dx: box.x + left * across, dy: box.y + top * down,
      dw: (right - left) * across, dh: (bottom - top) * down,
      factor: across,
    };
  }

  // How a very large picture is divided: square tiles, row by row, the last ones smaller.
  function tilesOf({ width, height }, side) {
    const found = [];
    for (let top = 0; top < height; top += side) {
      for (let left = 0; left < width; left += side) {
        found.push({
          left, top, width: Math.min(side, width - left), height: Math.min(side, height - top),
        });
      }
    }
    return found;
  }

  // The part of the scene that a panel shows, as shares of its sides.
  function shownShare(view, scene, panel) {
    const corner = origin(view, scene, panel);
    const span = (start, from, room, length) => {
      const low = clamp((from - start) / (length * corner.zoom), 0, 1);
      return [low, clamp((from + room - start) / (length * corner.zoom), 0, 1) - low];
    };
    const [x, width] = span(corner.x, panel.x, panel.width, scene.width);
    const [y, height] = span(corner.y, panel.y, panel.height, scene.height);
    return { x, y, width, height };
  }

  // Squares near a point that show its surroundings enlarged, one a picture, clear of the point.
  function lenses(panel, point, count, unit) {
    const columns = clamp(Math.floor(panel.width / (88 * unit)), 1, count);
    const rows = Math.ceil(count / columns);
    const [gap, strip, away] = [4 * unit, 24 * unit, 28 * unit].map(Math.round);
    const room = Math.min(
      panel.width / columns - gap, (panel.height / 2 - away) / rows - strip, 160 * unit);
    const side = Math.max(Math.floor(room), Math.round(24 * unit));
    const [width, height] = [columns * (side + gap) - gap, rows * (side + strip)];
    const above = point.y - away - height;
    const left = clamp(Math.round(point.x - width / 2), panel.x, panel.x + panel.width - width);
    const top = above >= panel.y ? above : Math.min(
      Math.round(point.y + away), panel.y + panel.height - height);
    return Array.from({ length: count }, (_, index) => ({
      x: left + (index % columns) * (side + gap),
      y: top + Math.floor(index / columns) * (side + strip) + strip,
      width: side, height: side,
    }));
  }

  // The scene's pixel under a device pixel, or null outside.
  function sceneAt(corner, scene, x, y) {
    const at = {
      x: Math.floor((x + 0.5 - corner.x) / corner.zoom),
      y: Math.floor((y + 0.5 - corner.y) / corner.zoom),
    };
    const inside = at.x >= 0 && at.y >= 0 && at.x < scene.width && at.y < scene.height;
    return inside ? at : null;
  }

  function pixelAt(point, picture) {
    if (!point) return null;
    const at = { x: Math.floor(point.x / picture.scale), y: Math.floor(point.y / picture.scale) };
    return at.x < picture.width && at.y < picture.height ? at : null;
  }

  const panelAt = (list, x, y) =>
    list.find((panel) => x >= panel.x && x < panel.x + panel.width
      && y >= panel.y && y < panel.y + panel.height) ?? null;

  const wipeEdge = (panel, share) => panel.x + Math.round(panel.width * share);
  const wipeShare = (panel, x) => clamp((x - panel.x) / panel.width, 0, 1);

  // Where a key moves the wipe, in hundredths; null for a key that does not.
  function wipeKey(share, key, big) {
    const hundredths = Math.round(share * 100);
    const step = big ? 10 : 1;
    const moves = {
      ArrowLeft: hundredths - step, ArrowDown: hundredths - step, PageDown: hundredths - 10,
      ArrowRight: hundredths + step, ArrowUp: hundredths + step, PageUp: hundredths + 10,
      Home: 0, End: 100,
    };
    return key in moves ? clamp(moves[key], 0, 100) / 100 : null;
  }

  function pinch(before, after) {
    const length = ([one, other]) => Math.hypot(one.x - other.x, one.y - other.y);
    const middle = ([one, other]) => ({ x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 });
    const [from, to] = [middle(before), middle(after)];
    return {
      factor: length(after) / Math.max(length(before), 1),
      x: to.x, y: to.y, dx: to.x - from.x, dy: to.y - from.y,
    };
  }

  return {
    MAX_ZOOM, clamp, sceneOf, panels, fitZoom, snapZoom, nextZoom, zoomOf, settle, origin, zoomAt,
    panBy, carryOver, boxOf, meet, visiblePart, tilesOf, shownShare, lenses, sceneAt, pixelAt,
    panelAt, wipeEdge, wipeShare, wipeKey, pinch,
  };
})();
