// The page as a whole: a function of the trace, of the inputs as they are now, and of the step.

// Show step `page.n`. All that is seen follows from it anew.
function show(page) {
  const { steps, n } = page;
  const step = steps[n];
  const hidden = isAsked(page, n);
  const view = { ...page, step, hidden, state: stateAt(steps, n) };
  showPicture(view);
  showEquation(view);
  showCode(view);
  showValues(view);
  showSteps(page);
  showPrediction(page);
  showBar(page);
  const pass = isForward(step) ? 'Forward' : 'Backward';
  const where = [pass, `step ${n + 1} of ${steps.length}`, scoreOf(page)];
  setText(byId('where'), where.filter(Boolean).join(' · '));
  setText(byId('live'), announcement(view));
  if (hidden && document.activeElement === byId('next')) byId('answer').focus();
}

function showBar({ n, steps }) {
  const slider = byId('slider');
  slider.max = steps.length - 1;
  slider.value = n;
  slider.setAttribute('aria-valuetext', `${n + 1} of ${steps.length}`);
  setText(byId('count'), `${n + 1} / ${steps.length}`);
  const ends = { first: 0, previous: 0, next: steps.length - 1, last: steps.length - 1 };
  for (const id in ends) byId(id).setAttribute('aria-disabled', String(n === ends[id]));
}

// Compute both passes again with the inputs as they are now, and stay at the step.
function recompute(page) {
  const { trace, changed } = page;
  page.run = changed.size ? recomputedRun(trace, changed) : recordedRun(trace);
  page.steps = stepsOf(trace, page.run);
  page.answers.clear();
  page.n = Math.min(page.n, page.steps.length - 1);
  summarize(page);
  listSteps(page);
  showKnobs(page);
  tellGradients(page);
  teachOrder(page);
  teachTwice(page);
  show(page);
}

function summarize({ trace, run, steps }) {
  const output = trace.nodes[trace.output];
  const forward = steps.filter(isForward).length;
  const result = `${output.name} = ${figure(run.data[trace.output])}`;
  const back = `${plural(steps.length - forward, 'step')} back to its slope in every value`;
  setText(byId('summary'), `${plural(forward, 'step')} forward to ${result}, ${back}.`);
}

function tellNotes({ focus, left_out: cut }) {
  const notes = focus ? [focus.message] : [];
  if (cut) {
    const told = `${plural(cut.forward, 'step')} forward and ${plural(cut.backward, 'step')} back`;
    notes.push(`This graph has ${plural(cut.nodes, 'value')}: ${told} are left out.`);
  }
  setText(byId('notice'), notes.join(' '));
}

function start() {
  const trace = readTrace(JSON.parse(byId('trace').textContent));
  const page = { trace, changed: new Map(), answers: new Map(), predicting: false, timer: null };
  page.picture = readPicture(byId('picture'), trace);
  page.code = readCode(trace);
  page.n = trace.focus?.step ?? 0;
  fitPicture(page.picture);
  addEventListener('resize', () => fitPicture(page.picture));
  tellNotes(trace);
  makeKnobs(page);
  startPrediction(page);
  startPlayer(page);
  recompute(page);
  document.body.classList.add('ready');
  addEventListener('beforeprint', () => {
    document.querySelectorAll('details').forEach((details) => (details.open = true));
  });
}

start();
