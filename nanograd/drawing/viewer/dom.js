// Elements of the page. What users wrote goes in as text, never as markup.

function byId(id) {
  return document.getElementById(id);
}

// A new element with these properties and children; texts become text nodes.
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

// A table with a caption, a heading for each column, and for each row in its first cell.
function table(caption, headings, rows) {
  const head = element('tr', {}, ...headings.map((text) => element('th', { scope: 'col' }, text)));
  const body = rows.map(([first, ...rest]) => {
    const cells = rest.map((text) => element('td', {}, text));
    return element('tr', {}, element('th', { scope: 'row' }, first), ...cells);
  });
  const parts = [element('thead', {}, head), element('tbody', {}, ...body)];
  return element('table', {}, element('caption', {}, caption), ...parts);
}

// Bring a part of a scrolling box into view, without moving the page.
function reveal(box, part) {
  const outer = box.getBoundingClientRect();
  const inner = part.getBoundingClientRect();
  const left = away(outer.left, outer.right, inner.left, inner.right);
  const top = away(outer.top, outer.bottom, inner.top, inner.bottom);
  if (left || top) box.scrollBy(left, top);
}

// How far to scroll to have [low, high] in the middle of [from, to]; if it is longer, its start.
function away(from, to, low, high) {
  const room = to - from - (high - low);
  return low >= from && high <= to ? 0 : low - from - Math.max(0, room / 2);
}

function plural(count, word) {
  return `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;
}
