// The strip and the panel of one station: what is pressed there is told to Python.
const ask = (name, data) => trigger(name, data);
element.addEventListener('click', ({ target }) => {
  const button = target.closest('button');
  if (!button) return;
  const { station, seed, act } = button.dataset;
  if (station) ask('pick', { station: Number(station) });
  if (seed) ask('take', { seed: Number(seed) });
  if (act) ask('move', { act });
});
element.addEventListener('change', ({ target }) => {
  if (!('add' in target.dataset) || !target.value) return;
  ask('move', { act: 'add', name: target.value });
  target.value = '';
});
// Arrow keys go from station to station.
element.addEventListener('keydown', (event) => {
  const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const button = event.target.closest('.strip button');
  if (!way || !button) return;
  const buttons = [...element.querySelectorAll('.strip button')];
  const next = buttons[buttons.indexOf(button) + way];
  if (!next) return;
  event.preventDefault();
  next.focus();
});
const report = (field, value) => {
  const station = Number(element.querySelector('[data-at]').dataset.at);
  ask('slide', { station, field, value });
};
