// Which way to compare, which pictures, and what each way can be told.

const chips = part('chips');

function setMode(mode) {
  if (mode !== state.mode) state.before = state.mode;
  state.mode = mode;
  settleControls();
  announce(say(mode));
  redraw();
}

// A key that is pressed again goes back to where one was.
const toggleMode = (mode) =>
  setMode(state.mode === mode ? (state.before === mode ? 'wipe' : state.before) : mode);

function setSmooth(on) {
  state.smooth = on;
  settleControls();
  announce(say(on ? 'smooth' : 'pixels'));
  redraw();
}

// Between two pictures: one of them changes places, any other comes to the right. Else: on or off.
function choose(index) {
  if (!exists(index) || !several()) return;
  if (ofPair()) {
    const [one, other] = pair();
    state.pair = index === one || index === other ? [other, one] : [one, index];
    announce(say('pair', { left: left().name, right: right().name }));
  } else {
    const now = chosen();
    const next = now.includes(index) ? now.filter((each) => each !== index) : [...now, index];
    if (next.length) state.chosen = next.sort((one, other) => one - other);
    announce(say('loaded', { names: chosen().map((i) => state.pictures[i].name).join(', ') }));
  }
  settleControls();
  redraw();
}

// ---- blink -------------------------------------------------------------------------------------

let clock = 0;

function flip() {
  state.blink += 1;
  announce(state.pictures[blinking()].name);
  redraw();
}

function setSpeed(hertz) {
  state.hertz = still.matches ? 0 : hertz;
  settleControls();
}

function keepTime() {
  clearInterval(clock);
  if (state.mode !== 'blink' || !state.hertz || still.matches || !several()) return;
  clock = setInterval(() => {
    if (!element.isConnected) { clearInterval(clock); return; }
    state.blink += 1;
    redraw();
  }, 1000 / state.hertz);
}
still.addEventListener('change', () => setSpeed(still.matches ? 0 : 1));

// ---- what the controls show --------------------------------------------------------------------

function settleControls() {
  for (const kind of ['mode', 'hertz', 'gain', 'smooth', 'signed']) {
    for (const node of element.querySelectorAll(`[data-${kind}]`)) {
      const now = typeof state[kind] === 'boolean' ? (state[kind] ? 'yes' : 'no') : state[kind];
      node.setAttribute('aria-pressed', node.dataset[kind] === String(now));
    }
  }
  for (const node of element.querySelectorAll('[data-for]')) {
    node.hidden = node.dataset.for !== state.mode || !several();
  }
  for (const node of element.querySelectorAll('[data-hertz]')) node.hidden = still.matches;
  part('surround').value = state.surround;
  part('ramp').style.background = difference.gradient(state.signed);
  const reach = difference.reach(state.gain);
  part('low').textContent = state.signed ? say('darker', { reach }) : '0';
  part('high').textContent = say(state.signed ? 'brighter' : 'levels', { reach });
  showChips();
  keepTime();
}

function showChips() {
  chips.hidden = state.pictures.length < 3;
  while (chips.children.length > state.pictures.length) chips.lastChild.remove();
  while (chips.children.length < state.pictures.length) {
    const button = document.createElement('button');
    button.type = 'button';
    button.dataset.picture = chips.children.length;
    button.append(...spans('number', 'title', 'place'));
    chips.append(button);
  }
  const now = compared();
  [...chips.children].forEach((button, index) => {
    const place = ofPair() ? ['left', 'right'][now.indexOf(index)] : null;
    const [number, title, mark] = button.children;
    number.textContent = index + 1;
    title.textContent = state.pictures[index].name;
    mark.textContent = place ? say(place) : '';
    button.setAttribute('aria-pressed', now.includes(index));
  });
}
