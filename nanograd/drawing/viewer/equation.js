// The arithmetic of the step, large, with a caption below each number; and the rule beside it.

function showEquation({ trace, run, step, hidden }) {
  const terms = termsOf(trace, run, step);
  byId('equation').replaceChildren(...terms.flatMap((term) => [termElement(term, hidden), ' ']));
  setText(byId('rule'), ruleInWords(trace, step, hidden));
  setText(byId('sentence'), sentenceOf(trace, step));
}

function termElement(term, hidden) {
  const text = hidden && term.kind === 'result' ? '?' : term.text;
  const number = element('span', { className: 'figure' }, text);
  const caption = term.caption ? [element('small', {}, term.caption)] : [];
  return element('span', { className: `term ${term.kind}` }, number, ...caption);
}

// The step as one line for a screen reader.
function announcement({ trace, run, steps, step, n, hidden }) {
  const pass = isForward(step) ? 'forward' : 'backward';
  const rule = ruleInWords(trace, step, hidden);
  const place = trace.nodes[step.origin].place;
  const line = place ? `Line ${place.line}.` : '';
  const told = [`Step ${n + 1} of ${steps.length}, ${pass}`, lineOf(trace, run, step, hidden)];
  const facts = [...told, rule].filter(Boolean).map((fact) => `${fact}.`);
  return [...facts, sentenceOf(trace, step), line].join(' ').trim();
}
