// Controls: buttons, the slider, keys, and play.

const PACE = 1600; // milliseconds for each step, at speed 1

const KEYS = {
  ArrowRight: (page) => goTo(page, page.n + 1),
  ArrowLeft: (page) => goTo(page, page.n - 1),
  Home: (page) => goTo(page, 0),
  End: (page) => goTo(page, Infinity),
  ' ': (page) => (page.timer ? pause(page) : play(page)),
};
const BUTTONS = {
  first: 'Home', previous: 'ArrowLeft', next: 'ArrowRight', last: 'End', play: ' ',
};

function startPlayer(page) {
  for (const [id, key] of Object.entries(BUTTONS)) {
    byId(id).addEventListener('click', () => KEYS[key](page));
  }
  byId('slider').addEventListener('input', () => goTo(page, Number(byId('slider').value)));
  document.addEventListener('keydown', (event) => press(page, event));
}

// Go to a step; the nearest, if there is none of that number.
function goTo(page, n) {
  pause(page);
  moveTo(page, n);
}

function moveTo(page, n) {
  page.n = Math.min(Math.max(n, 0), page.steps.length - 1);
  show(page);
}

// -- play

function play(page) {
  moveTo(page, page.n === page.steps.length - 1 ? 0 : page.n + 1);
  goOn(page);
}

// Go on after a while, unless this is the end, or a number is to be predicted.
function goOn(page) {
  const over = page.n === page.steps.length - 1 || isAsked(page, page.n);
  page.timer = over ? null : setTimeout(() => {
    moveTo(page, page.n + 1);
    goOn(page);
  }, PACE / Number(byId('speed').value));
  showPlaying(page);
}

function pause(page) {
  clearTimeout(page.timer);
  page.timer = null;
  showPlaying(page);
}

function showPlaying(page) {
  byId('play').setAttribute('aria-label', page.timer ? 'Pause' : 'Play');
  byId('play').classList.toggle('playing', Boolean(page.timer));
}

// -- keys

// Keys step, unless what has the focus has a use of its own for them.
function press(page, event) {
  const key = KEYS[event.key];
  const held = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
  if (!key || held || needsKey(event.target, event.key)) return;
  event.preventDefault();
  key(page);
}

function needsKey(target, key) {
  if (target.matches('#answer')) return target.value !== '' || key === ' ';
  if (target.matches('input, select, textarea, [role="region"]')) return true;
  return key === ' ' && target.matches('button, summary, a');
}
