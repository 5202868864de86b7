// Sliders with their numbers, made by controls.py. `report(field, value)` is the page's own; what
// moves is reported at most every 90 ms, and once more where it stops.
const near = (value) => Number(value.toPrecision(3));
const fromPlace = (pair, share) => {
  const [low, high] = [Number(pair.dataset.low), Number(pair.dataset.high)];
  const value = 'ratios' in pair.dataset ? low * (high / low) ** share : low + (high - low) * share;
  if (pair.dataset.step === 'any') return Math.min(high, Math.max(low, near(value)));
  const step = Number(pair.dataset.step);
  return Math.min(high, low + step * Math.round((value - low) / step));
};
const toPlace = (pair, value) => {
  const [low, high] = [Number(pair.dataset.low), Number(pair.dataset.high)];
  const ratios = 'ratios' in pair.dataset;
  return ratios ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
};
let waiting = null;
let latest = null;
const soon = (field, value) => {
  latest = [field, value];
  document.body.dataset.working = ''; // from now on: see BEGUN_SCRIPT in sharing.py
  if (!waiting) waiting = setTimeout(send, 90);
};
// One at a time: of several on their way at once, Gradio may answer an older one last.
const send = () => {
  const { dataset } = document.body;
  if (Date.now() - Number(dataset.sent ?? 0) < 5000) {
    dataset.working = '';
    waiting = setTimeout(send, 40);
    return;
  }
  waiting = null;
  dataset.sent = Date.now();
  report(...latest);
};
const put = (pair, value) => {
  const slide = pair.querySelector('[type=range]');
  pair.querySelector('[type=number]').value = value;
  slide.setAttribute('aria-valuetext', String(value));
  soon(slide.dataset.slide, value);
};
element.addEventListener('input', ({ target }) => {
  const pair = target.dataset.slide && target.closest('.pair');
  if (pair) put(pair, fromPlace(pair, target.value / target.max));
});
element.addEventListener('change', ({ target }) => {
  const field = target.dataset.field;
  if (!field) return;
  if (target.type === 'checkbox') return report(field, target.checked);
  if (target.type !== 'number') return report(field, target.value);
  if (target.value === '') return report(field, null);
  const slide = target.closest('.pair').querySelector('[type=range]');
  slide.value = toPlace(target.closest('.pair'), Number(target.value)) * slide.max;
  report(field, Number(target.value));
});
element.addEventListener('click', ({ target }) => {
  if (target.dataset.field === 'seed') report('seed', null);
});
// Arrow keys step by whole numbers where there are only such, and by a hundredth elsewhere.
element.addEventListener('keydown', (event) => {
  const pair = event.target.dataset.slide && event.target.closest('.pair');
  const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
  if (!pair || !way) return;
  event.preventDefault();
  const slide = event.target;
  const [low, high] = [Number(pair.dataset.low), Number(pair.dataset.high)];
  if (pair.dataset.step === 'any') {
    slide.value = Number(slide.value) + (way * slide.max) / 100;
    return put(pair, fromPlace(pair, slide.value / slide.max));
  }
  const now = Number(pair.querySelector('[type=number]').value);
  const value = Math.min(high, Math.max(low, now + way * Number(pair.dataset.step)));
  slide.value = toPlace(pair, value) * slide.max;
  put(pair, value);
});
