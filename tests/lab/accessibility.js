// What a page must offer to people who do not see it, or do not use a mouse. Gives sentences.
() => {
  const found = [];
  const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    && element.getBoundingClientRect().width > 0;
  const told = (element) => {
    const text = element.outerHTML.replace(/\s+/g, ' ').slice(0, 140);
    const home = element.closest('[id]:not([id^=component])')?.id ?? '';
    return `${home ? `#${home} ` : ''}${text}`;
  };
  const byId = (ids) => (ids ?? '').split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? '')
    .join(' ');
  const name = (element) => [
    element.getAttribute('aria-label'), byId(element.getAttribute('aria-labelledby')),
    ...[...(element.labels ?? [])].map((label) => label.textContent), element.innerText,
    element.getAttribute('title'), element.getAttribute('alt'), element.querySelector('img')?.alt,
    element.type === 'submit' ? element.value : '',
  ].find((text) => text?.trim());

  const controls = 'button, a[href], input, select, textarea, summary, [role=button], [role=slider], '
    + '[role=tab], [role=checkbox], [role=radio], [role=combobox], [tabindex="0"]';
  for (const element of document.querySelectorAll(controls)) {
    if (!shown(element) || element.closest('[aria-hidden=true]')) continue;
    if (!name(element)) found.push(`no name: ${told(element)}`);
    if (element.tabIndex > 0) found.push(`out of order: ${told(element)}`);
  }
  for (const slider of document.querySelectorAll('[role=slider]')) {
    for (const value of ['aria-valuemin', 'aria-valuemax', 'aria-valuenow']) {
      if (shown(slider) && !slider.hasAttribute(value)) found.push(`no ${value}: ${told(slider)}`);
    }
  }
  for (const image of document.querySelectorAll('img, svg[role=img], canvas')) {
    const said = image.hasAttribute('alt') || image.getAttribute('aria-label')
      || image.getAttribute('aria-labelledby') || image.querySelector(':scope > title');
    const hidden = image.closest('[aria-hidden=true], [role=presentation], [role=img][aria-label]');
    if (shown(image) && !said && !hidden && image.tagName !== 'CANVAS') {
      found.push(`no alternative: ${told(image)}`);
    }
  }
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id).filter(Boolean);
  for (const id of new Set(ids.filter((each, index) => ids.indexOf(each) !== index))) {
    found.push(`twice: #${id}`);
  }
  const heads = [...document.querySelectorAll('h1')].filter(shown);
  if (heads.length !== 1) found.push(`${heads.length} headings of the first level`);
  if (!document.documentElement.lang) found.push('no language');

  // ---- contrast: WCAG 2.2, 1.4.3 -----------------------------------------------------------
  const numbers = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const over = (top, below) => {
    const alpha = top[3] ?? 1;
    return [0, 1, 2].map((i) => top[i] * alpha + below[i] * (1 - alpha));
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92
      : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) {
      const style = getComputedStyle(each);
      if (style.backgroundImage !== 'none') return null;
      const colour = numbers(style.backgroundColor);
      if (colour.length < 3 || colour[3] === 0) continue;
      layers.push(colour);
      if ((colour[3] ?? 1) === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || seen.has(element) || !shown(element)) continue;
    seen.add(element);
    if (element.closest('[disabled], [aria-disabled=true], script, style, option, noscript')) continue;
    if (element.closest('label')?.querySelector('input:disabled')) continue;
    const style = getComputedStyle(element);
    const below = ground(element);
    if (!below || style.color.startsWith('color(')) continue;
    let faint = 1;
    for (let each = element; each; each = each.parentElement) faint *= +getComputedStyle(each).opacity;
    const ink = numbers(style.color);
    const drawn = over([...ink.slice(0, 3), (ink[3] ?? 1) * faint], below);
    const [high, low] = [light(drawn), light(below)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && +style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5) - 0.005) {
      found.push(`contrast ${ratio.toFixed(2)}: ${told(element)}`);
    }
  }
  return found;
}
