// A chart: a box of the picture opens what it holds, and shows where its arrows lead.

const picture = document.getElementById('picture');
const cards = [...picture.querySelectorAll('[data-box]')];
const arrows = [...picture.querySelectorAll('.edge')];

// A picture wider than its room is made smaller; the letters stay readable.
function fit() {
  const svg = picture.querySelector('svg');
  const { width, height } = svg.viewBox.baseVal;
  const room = picture.parentElement.clientWidth - 32; // 32 is the padding
  const scale = Math.min(1, Math.max(room / width, 0.7));
  svg.setAttribute('width', width * scale);
  svg.setAttribute('height', height * scale);
}

function light(box) {
  const own = arrows.filter((arrow) => [arrow.dataset.from, arrow.dataset.to].includes(box));
  const near = new Set(own.flatMap((arrow) => [arrow.dataset.from, arrow.dataset.to]));
  arrows.forEach((arrow) => arrow.classList.toggle('dim', box !== null && !own.includes(arrow)));
  for (const card of cards) {
    card.classList.toggle('now', card.dataset.box === box);
    card.classList.toggle('near', near.has(card.dataset.box));
  }
}

function open(box) {
  const details = document.getElementById(`holds-${box}`);
  details.open = true;
  details.scrollIntoView({ block: 'start' });
  light(box);
}

picture.querySelector('svg').setAttribute('role', 'group'); // of buttons; an image has none
for (const card of cards) {
  const { box } = card.dataset;
  card.setAttribute('tabindex', '0');
  card.setAttribute('role', 'button');
  card.setAttribute('aria-label', card.textContent);
  card.addEventListener('click', () => open(box));
  card.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    open(box);
  });
}
for (const details of document.querySelectorAll('#boxes > details')) {
  details.addEventListener('toggle', () => {
    const opened = [...document.querySelectorAll('#boxes > details[open]')];
    light(details.open ? details.dataset.box : opened.at(-1)?.dataset.box ?? null);
  });
}
addEventListener('resize', fit);
fit();
