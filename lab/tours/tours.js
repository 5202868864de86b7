// Leads through a tour: a card beside the page, or on a narrow screen a sheet below it that folds,
// a ring around what it speaks of, and what it does to the page's own controls. Where a person is
// lasts from page to page in this tab.
const PAGES = new Set(Object.values(TOURS).flatMap((tour) => tour.stops.map((stop) => stop.page)));
const last = location.pathname.split('/').filter(Boolean).pop() ?? '';
const here = PAGES.has(last) || ['privacy', 'ethics', 'compare', 'train', 'models'].includes(last)
  ? last : '';
const card = element.querySelector('[data-card]');
const ring = element.querySelector('.tour-ring');
const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

const remember = (state) => {
  try {
    if (state) sessionStorage.setItem('tour', JSON.stringify(state));
    else sessionStorage.removeItem('tour');
  } catch { /* without storage a tour lasts as long as its page */ }
};
const recall = () => {
  try {
    return JSON.parse(sessionStorage.getItem('tour'));
  } catch {
    return null;
  }
};
let now = null;
let target = '';
let moved = 0; // how often a hand scrolled: then the page stays where the hand left it
for (const kind of ['wheel', 'touchmove', 'keydown']) {
  addEventListener(kind, () => { moved += 1; }, { passive: true });
}

// The page keeps clear of the card: beside it where there is room, else above it.
const beside = matchMedia('(min-width: 1000px)');
const makeRoom = () => {
  const open = Boolean(card.firstChild);
  const { style } = element.closest('.gradio-container');
  style.marginRight = open && beside.matches ? `${card.firstChild.offsetWidth}px` : '';
  document.body.style.paddingBottom = open && !beside.matches ? '60vh' : '';
  // The buttons that a phone keeps at its lower edge go back into the page, above the card.
  document.documentElement.style.setProperty('--dock', open ? 'static' : 'fixed');
};
const place = (box) => {
  card.replaceChildren(...box);
  makeRoom();
};
beside.addEventListener('change', makeRoom);

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const make = (kind, text = '', properties = {}) =>
  Object.assign(document.createElement(kind), { textContent: text }, properties);

const follow = () => {
  const found = target ? document.querySelector(target) : null;
  const box = found?.getBoundingClientRect();
  ring.hidden = !box || !box.width;
  if (ring.hidden) return;
  ring.style.cssText = `left:${box.left - 6}px;top:${box.top - 6}px;`
    + `width:${box.width + 12}px;height:${box.height + 12}px`;
};
setInterval(() => { if (now) follow(); }, 200);
addEventListener('scroll', follow, { passive: true });

const present = async (selector, seconds = 30) => {
  for (let turn = 0; turn < seconds * 10; turn += 1) {
    const found = document.querySelector(selector);
    if (found?.getBoundingClientRect().width && !found.disabled) return found;
    await wait(100);
  }
  return null;
};
const point = async (selector) => {
  target = selector;
  follow();
  const found = selector && await present(selector);
  if (!found || target !== selector) return;
  found.scrollIntoView({ block: 'nearest', inline: 'center' });
  aim(found);
  // What arrives meanwhile moves the page: once more, unless a hand has scrolled it.
  for (const before = moved; target === selector && before === moved;) {
    await wait(900);
    if (before !== moved || target !== selector || !found.isConnected) return;
    if (!aim(found)) return;
  }
};
// Scrolls something into the part that the card leaves free; gives whether it had to.
const aim = (found) => {
  const room = innerHeight - (beside.matches ? 0 : card.firstChild?.offsetHeight ?? 0);
  const box = found.getBoundingClientRect();
  const way = box.top - Math.max(12, (room - box.height) / 2);
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const was = scrollY;
  if (Math.abs(way) > 4) scrollBy({ top: way, behavior: calm ? 'auto' : 'smooth' });
  follow();
  const most = document.documentElement.scrollHeight - innerHeight;
  return Math.abs(way) > 4 && (way > 0 ? was < most - 1 : was > 0);
};

const perform = async ({ act, on, value }) => {
  const found = await present(on, act === 'wait' ? 240 : 30);
  if (!found) return;
  if (act === 'press') found.click();
  if (act === 'view' && (await present('#viewer .numbers'))) found.viewer.setView(value);
  if (act === 'fill' || act === 'choose') {
    const kind = act === 'fill' ? HTMLInputElement : HTMLSelectElement;
    Object.getOwnPropertyDescriptor(kind.prototype, 'value').set.call(found, value);
    for (const event of ['input', 'change']) found.dispatchEvent(new Event(event, { bubbles: true }));
  }
  await wait(250);
};

const end = () => {
  now = null;
  target = '';
  remember(null);
  place([]);
  follow();
  element.querySelector('[data-tour]').focus();
};
const button = (words, press, kind = '') => {
  const made = make('button', words, { type: 'button', className: kind });
  made.addEventListener('click', press);
  return made;
};

// A stop that goes on from the one before cannot be begun with: the last one with settings can.
const beginning = (tour, stop) => {
  while (stop > 1 && tour.stops[stop - 1].query === null) stop -= 1;
  return stop;
};
const address = (name, stop) => {
  const { page, query } = TOURS[name].stops[stop - 1];
  return `./${page}?${query ? `${query}&` : ''}tour=${name}&stop=${stop}`;
};
const go = (stop) => {
  const { name } = now;
  const next = TOURS[name].stops[stop - 1];
  const state = { name, stop, right: now.right, asked: now.asked };
  remember(state);
  if (!next.ring || (next.query === null && next.page === here)) show(state);
  else location.href = address(name, stop);
};

const answer = async (choice, told, further) => {
  const stop = TOURS[now.name].stops[now.stop - 1];
  const own = [...card.querySelectorAll('.answers button')];
  if (own.some((each) => each.disabled)) return;
  own.forEach((each, at) => {
    each.disabled = true;
    each.setAttribute('aria-pressed', String(at === choice));
    if (at + 1 === stop.right) each.classList.add('right');
  });
  const right = choice + 1 === stop.right;
  if (stop.right) now = { ...now, asked: now.asked + 1, right: now.right + right };
  const verdict = !stop.right ? '' : right ? WORDS.right : WORDS.wrong;
  told.replaceChildren(make('strong', verdict), ` ${stop.told}`);
  card.firstChild.dataset.answered = '';
  further.hidden = false;
  further.focus();
  remember({ name: now.name, stop: now.stop, right: now.right, asked: now.asked });
  const { stop: at } = now;
  for (const deed of stop.do) await perform(deed);
  if (now?.stop === at && (stop.ring_after || stop.do.length)) point(stop.ring_after || stop.ring);
};

const show = (state) => {
  now = state;
  const { name, stop } = state;
  const tour = TOURS[name];
  const { ring: around, say, ask, answers, leave } = tour.stops[stop - 1];
  const box = make('section', '', { className: 'tour-card' });
  box.setAttribute('aria-label', fill(WORDS.card, { title: tour.title }));
  const head = make('header');
  const where = { number: stop, count: tour.stops.length };
  const title = make('h2', tour.title, { tabIndex: -1 });
  const fold = button('', () => setFolded(box, fold, !('folded' in box.dataset)), 'fold');
  setFolded(box, fold, false);
  head.append(title, make('span', fill(WORDS.stop, where)), fold, button('×', end, 'leave'));
  head.lastChild.setAttribute('aria-label', WORDS.leave);
  const told = make('p', '', { className: 'told' });
  told.setAttribute('role', 'status');
  const further = button(stop < tour.stops.length ? WORDS.next : WORDS.finish, async () => {
    if (stop === tour.stops.length) return finish(tour);
    if (!leave) return go(stop + 1);
    remember({ name, stop: stop + 1, right: now.right, asked: now.asked });
    perform({ act: 'press', on: leave });
  }, 'primary');
  further.hidden = true;
  const list = make('div', '', { className: 'answers' });
  list.setAttribute('role', 'group');
  list.setAttribute('aria-label', ask);
  answers.forEach((words, at) => {
    const each = button(words, () => answer(at, told, further));
    each.prepend(make('kbd', String(at + 1)));
    list.append(each);
  });
  const foot = make('footer');
  if (stop > 1) foot.append(button(WORDS.back, () => go(beginning(tour, stop - 1))));
  if (around) foot.append(button(WORDS.show, () => visit(around), 'visit'));
  foot.append(further);
  const first = make('p', say, { className: 'say' });
  box.append(head, first, make('p', ask, { className: 'ask' }), list, told, foot);
  place([box]);
  title.focus({ preventScroll: true });
  point(around);
};
const setFolded = (box, fold, folded) => {
  if (folded) box.dataset.folded = '';
  else delete box.dataset.folded;
  fold.textContent = folded ? WORDS.unfold : WORDS.fold;
  fold.setAttribute('aria-expanded', String(!folded));
};
const visit = async (selector) => {
  const found = await present(selector, 1);
  if (!found) return;
  const inside = 'a[href],button,input,select,[tabindex="0"]';
  (found.matches(inside) ? found : found.querySelector(inside) ?? found).focus();
};
const finish = (tour) => {
  const { right, asked } = now;
  const box = make('section', '', { className: 'tour-card' });
  box.setAttribute('aria-label', fill(WORDS.card, { title: tour.title }));
  const told = make('p', fill(WORDS.done, { title: tour.title, right, asked }), { tabIndex: -1 });
  told.setAttribute('role', 'status');
  box.append(told, button(WORDS.close, end, 'primary'));
  remember(null);
  target = '';
  place([box]);
  told.focus({ preventScroll: true });
};
const elsewhere = (state) => {
  now = state;
  const box = make('section', '', { className: 'tour-card' });
  const { title } = TOURS[state.name];
  const way = make('a', fill(WORDS.elsewhere, { title }), {
    href: address(state.name, beginning(TOURS[state.name], state.stop)),
  });
  box.append(way, button(WORDS.leave, end));
  place([box]);
};

element.addEventListener('click', (event) => {
  const { tour } = event.target.dataset;
  if (!tour) return;
  event.preventDefault();
  now = { name: tour, right: 0, asked: 0 };
  go(1);
});
card.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') end();
  const chosen = card.querySelectorAll('.answers button')[Number(event.key) - 1];
  if (chosen) chosen.click();
});

const asked = new URLSearchParams(location.search);
const kept = recall();
if (asked.has('tour')) {
  // From here on the tab remembers, so that a reload goes on and a copied link is no tour.
  const plain = new URL(location.href);
  for (const name of ['tour', 'stop']) plain.searchParams.delete(name);
  history.replaceState(history.state, '', plain.href);
}
if (TOURS[asked.get('tour')]) {
  const name = asked.get('tour');
  const tour = TOURS[name];
  const wish = Math.min(tour.stops.length, Math.max(1, Number(asked.get('stop')) || 1));
  const going = kept?.name === name && kept.stop === wish && asked.has('stop');
  now = going ? kept : { name, right: 0, asked: 0 };
  // `go` came here with the stop's settings; a link of a person has none yet.
  if (going && tour.stops[wish - 1].page === here) show(kept);
  else go(beginning(tour, wish));
} else if (kept && TOURS[kept.name]) {
  const { page, ring: around } = TOURS[kept.name].stops[kept.stop - 1];
  if (page === here || !around) show(kept);
  else elsewhere(kept);
}
