// The graph as text: a table of all values, and a list of all steps.

const MOST_ROWS = 200;
const MOST_STEPS = 400;

function showValues({ trace, run, step, state, hidden }) {
  for (const [i, row] of valueRows(trace)) {
    const asked = hidden && i === step.node;
    const known = state.known.has(i) && !(asked && isForward(step));
    const share = state.arrived.get(i);
    setText(row.cells[2], known ? figure(run.data[i]) : '–');
    setText(row.cells[3], !share ? '–' : asked ? '?' : figure(state.grads.get(i)));
    row.classList.toggle('current', i === step.node);
  }
}

// The rows of the table by node; they are made at the first call.
function valueRows(trace) {
  if (trace.valueRows) return trace.valueRows;
  const nodes = trace.order.slice(0, MOST_ROWS);
  const texts = nodes.map((i) => [trace.nodes[i].name, computedAs(trace, i), '–', '–']);
  const made = table('', ['Value', 'Computed as', 'Number', 'Gradient'], texts);
  const cut = trace.order.length - nodes.length;
  setText(made.caption, cut ? `${plural(cut, 'more value')} left out.` : 'In order of computation');
  byId('values').replaceChildren(made);
  trace.valueRows = new Map(nodes.map((i, n) => [i, made.tBodies[0].rows[n]]));
  return trace.valueRows;
}

function computedAs(trace, i) {
  const node = trace.nodes[i];
  return node.operands.length ? formulaOf(trace, node) : 'input';
}

// The list of all steps; those that are still to be predicted are not told.
function listSteps(page) {
  const { trace, run, steps } = page;
  const shown = steps.slice(0, MOST_STEPS);
  const items = shown.map((step, n) => {
    const go = element('button', { className: 'plain' });
    go.addEventListener('click', () => goTo(page, n));
    return element('li', {}, go);
  });
  byId('steps').replaceChildren(...items);
  const cut = steps.length - shown.length;
  setText(byId('steps-note'), cut ? `${plural(cut, 'more step')} left out.` : '');
  page.lines = shown.map((step) => {
    return [lineOf(trace, run, step), ruleInWords(trace, step)].filter(Boolean).join('   ');
  });
}

function showSteps(page) {
  const buttons = byId('steps').querySelectorAll('button');
  buttons.forEach((button, n) => {
    const secret = page.predicting && n >= page.n && isAsked(page, n);
    setText(button, secret ? '?' : page.lines[n]);
    button.setAttribute('aria-current', n === page.n ? 'step' : 'false');
  });
}
