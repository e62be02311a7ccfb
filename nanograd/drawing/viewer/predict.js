// Predict first: the result of the step is hidden until the learner has said what it is.

// Whether the result of step n is still to be predicted. An input has nothing to predict.
function isAsked(page, n) {
  return page.predicting && page.steps[n].kind !== 'input' && !page.answers.has(n);
}

function showPrediction(page) {
  const { n, trace } = page;
  const step = page.steps[n];
  const asked = isAsked(page, n);
  byId('prediction').hidden = !asked;
  const answer = page.predicting && page.answers.get(n);
  setText(byId('verdict'), answer ? answer.verdict : '');
  byId('verdict').className = answer ? (answer.right ? 'right' : 'wrong') : '';
  if (!asked) return;
  setText(byId('question'), questionAbout(trace, step));
  byId('answer').value = '';
  byId('answer').setAttribute('aria-invalid', 'false');
}

function questionAbout(trace, step) {
  const name = trace.nodes[step.node].name;
  if (step.kind === 'forward') return `What is ${name}?`;
  return `What is the gradient of ${name} now?`;
}

function scoreOf(page) {
  const answers = [...page.answers.values()];
  if (!answers.length) return '';
  return `${answers.filter((answer) => answer.right).length} of ${answers.length} right`;
}

// Take the answer, if it is a number, and say what is to be said of it.
function answerStep(page) {
  const text = byId('answer').value;
  const step = page.steps[page.n];
  if (!readings(text).length) {
    byId('answer').setAttribute('aria-invalid', 'true');
    byId('verdict').className = '';
    setText(byId('verdict'), 'Please answer with a number, such as 54, -0.5 or 1/3.');
    return;
  }
  const right = means(text, step.result);
  const why = explained(page, step);
  const verdict = right ? `Right: ${why}` : `Not ${text.trim()}. ${slipIn(page, text, step)}${why}`;
  page.answers.set(page.n, { right, verdict });
  show(page);
}

// The arithmetic of a step, piece by piece.
function explained(page, step) {
  const result = figure(step.result);
  const name = page.trace.nodes[step.node].name;
  if (step.kind === 'seed') return `What moves ${name} moves it as much: ∂${name}/∂${name} = 1.`;
  if (step.kind === 'forward') return `${lineOf(page.trace, page.run, step)}.`;
  const share = step.grad * step.partial;
  const product = `${signed(step.grad)} × ${signed(step.partial)} = ${figure(share)}`;
  return `${product} flows in, and ${figure(step.before)} + ${signed(share)} = ${result}.`;
}

// What went wrong, where the answer gives it away.
function slipIn(page, text, step) {
  const said = (number) => means(text, number);
  if (step.result && said(-step.result)) return 'Only the sign is wrong. ';
  if (step.kind !== 'share') return '';
  const from = page.trace.nodes[step.from].name;
  if (said(step.grad * step.partial)) {
    return `That is the share alone: it is added to the ${figure(step.before)} that is there. `;
  }
  const alone = [step.partial, step.grad, step.grad + step.partial];
  const slip = alone.some((part) => said(part) || said(step.before + part));
  return slip ? `What flows is the gradient of ${from} times the slope. ` : '';
}

function switchPredicting(page) {
  page.predicting = !page.predicting;
  page.answers.clear();
  byId('predict').setAttribute('aria-pressed', String(page.predicting));
  document.body.classList.toggle('predicting', page.predicting);
  show(page);
  if (isAsked(page, page.n)) byId('answer').focus();
}

function startPrediction(page) {
  byId('predict').addEventListener('click', () => switchPredicting(page));
  byId('prediction').addEventListener('submit', (event) => {
    event.preventDefault();
    answerStep(page);
    if (!isAsked(page, page.n)) byId('next').focus();
  });
}
