// Inputs to drag, and a nudge: the slope that one feels, next to the gradient.

const MOST_KNOBS = 24;
const NOTCHES = 100; // on each side of the number that the trace has

// A row for each input, those with a name first, as far as there is room.
function makeKnobs(page) {
  const { trace } = page;
  const sorted = [...trace.inputs].sort((i, j) => trace.nodes[j].named - trace.nodes[i].named);
  const output = trace.nodes[trace.output].name;
  page.knobs = sorted.slice(0, MOST_KNOBS).map((i) => knobFor(page, i, output));
  byId('knobs').append(...page.knobs.map((knob) => knob.row));
  setText(byId('quotient'), `(${output}(x + h) − ${output}(x)) / h`);
  byId('h').addEventListener('input', () => showKnobs(page));
  byId('reset').addEventListener('click', () => {
    page.changed.clear();
    recompute(page);
  });
}

function knobFor(page, i, output) {
  const name = page.trace.nodes[i].name;
  const stuck = page.trace.stuck.has(i);
  const start = numberOf(page.trace.nodes[i].data);
  const able = { disabled: stuck, 'aria-label': name };
  const slider = element('input', { type: 'range', ...able, ...rangeAround(start) });
  const field = element('input', { type: 'text', inputMode: 'decimal', ...able });
  slider.addEventListener('input', () => turn(page, i, Number(slider.value)));
  field.addEventListener('change', () => typed(page, i, field));
  const grad = element('b');
  const slope = element('span');
  const texts = [`∂${output}/∂${name} = `, grad, ' · nudged: ', slope];
  const label = element('span', { className: 'knob-name' }, name);
  const told = element('span', { className: 'told' }, ...texts);
  const row = element('div', { className: 'knob' }, label, slider, field, told);
  return { i, slider, field, grad, slope, row };
}

// A range of round length with the number in its middle.
function rangeAround(number) {
  const middle = Number.isFinite(number) ? number : 0;
  const wide = 2 * Math.max(1, Math.abs(middle));
  const power = 10 ** Math.floor(Math.log10(wide));
  const half = power * [1, 2, 5, 10].find((digit) => digit * power >= wide);
  const [min, max] = [middle - half, middle + half];
  return { min, max, step: half / NOTCHES, value: middle };
}

function turn(page, i, number) {
  if (number === numberOf(page.trace.nodes[i].data)) page.changed.delete(i);
  else page.changed.set(i, number);
  recompute(page);
}

function typed(page, i, field) {
  const [reading] = readings(field.value);
  field.setAttribute('aria-invalid', String(!reading));
  if (reading) turn(page, i, reading.value);
}

function showKnobs(page) {
  const { trace, run } = page;
  const h = readings(byId('h').value)[0]?.value;
  const fair = Number.isFinite(h) && h !== 0;
  byId('h').setAttribute('aria-invalid', String(!fair));
  for (const { i, slider, field, grad, slope } of page.knobs) {
    slider.value = run.data[i];
    slider.setAttribute('aria-valuetext', figure(run.data[i]));
    field.value = figure(run.data[i]);
    setText(grad, figure(run.grads[i] ?? 0));
    setText(slope, !fair || trace.stuck.has(i) ? '–' : figure(slopeByNudge(page, i, h)));
  }
  byId('reset').disabled = page.changed.size === 0;
  setText(byId('knobs-note'), notesOf(page).join(' '));
}

// The slope between this run and one with the input nudged by h.
function slopeByNudge({ trace, run, changed }, i, h) {
  const nudged = forwardPass(trace, new Map(changed).set(i, run.data[i] + h));
  const base = forwardPass(trace, changed);
  return (nudged[trace.output] - base[trace.output]) / h;
}

function notesOf({ trace, run, knobs, changed }) {
  const notes = [];
  const cut = trace.inputs.length - knobs.length;
  if (cut) notes.push(`${plural(cut, 'more input')} left out here.`);
  if (trace.left_out) notes.push('It is too large to be computed here.');
  else if (knobs.some((knob) => trace.stuck.has(knob.i))) notes.push(whyStuck(trace));
  const born = trace.order.some((i) => !Number.isFinite(run.data[i]));
  if (changed.size && born) notes.push('Outside its domain here: Python raises a DomainError.');
  return notes;
}

function whyStuck(trace) {
  const computed = trace.order.map((i) => trace.nodes[i]).filter((node) => node.operands.length);
  const names = new Set(computed.filter((node) => !ruleOf(node)).map((node) => node.op));
  return `Some inputs cannot be dragged: the page has no rule for ${[...names].join(', ')}.`;
}
