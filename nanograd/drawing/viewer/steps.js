// The steps of a run: what happens in each, in numbers and in words, and what is known by then.

// All steps: one for each node forward, then the seed, then each share.
function stepsOf(trace, run) {
  const uses = Map.groupBy(run.shares, (share) => share.node);
  const seen = new Map();
  const forward = trace.forward.map((node) => {
    const kind = trace.nodes[node].operands.length ? 'forward' : 'input';
    return { kind, node, origin: node, result: run.data[node] };
  });
  const backward = run.shares.map((share) => {
    seen.set(share.node, (seen.get(share.node) ?? 0) + 1);
    const nth = { nth: seen.get(share.node), of: uses.get(share.node).length };
    const kind = share.from === null ? 'seed' : 'share';
    return { kind, ...share, ...nth, origin: share.from ?? share.node, result: share.after };
  });
  return [...forward, ...backward];
}

// What is known after step n. It follows from n alone: so going back is exact.
function stateAt(steps, n) {
  const state = { known: new Set(), grads: new Map(), arrived: new Map(), flowed: new Set() };
  for (const step of steps.slice(0, n + 1)) {
    if (isForward(step)) {
      state.known.add(step.node);
    } else {
      state.grads.set(step.node, step.after);
      state.arrived.set(step.node, step);
      state.flowed.add(edgeKey(step.from, step.operand));
    }
  }
  return state;
}

function isForward(step) {
  return step.kind === 'forward' || step.kind === 'input';
}

// An edge is known by the node that it leads to, and which operand it is.
function edgeKey(to, operand) {
  return `${to}/${operand}`;
}

// -- in words

// The arithmetic of a step as terms; a caption says what a number is. The last is the result.
function termsOf(trace, run, step) {
  const name = { text: trace.nodes[step.node].name, kind: 'name' };
  const equals = { text: '=', kind: 'sign' };
  const result = { text: figure(step.result), kind: 'result' };
  if (step.kind === 'input') return [name, equals, result];
  if (step.kind === 'seed') return [name, { text: ':', kind: 'colon' }, result];
  if (step.kind === 'share') return shareTerms(trace, step, name, equals, result);
  const node = trace.nodes[step.node];
  const operands = operandsOf(node, run.data).map((x) => figure(x));
  const numbers = filled(trace.spelling[node.rule].formula, operands);
  const terms = [name, equals, { text: formulaOf(trace, node), kind: 'formula' }, equals];
  if (numbers !== result.text) terms.push({ text: numbers, kind: 'number' }, equals);
  return [...terms, result];
}

function shareTerms(trace, step, name, equals, result) {
  const from = trace.nodes[step.from].name;
  return [
    name,
    { text: ':', kind: 'colon' },
    { text: figure(step.before), caption: 'so far', kind: 'number' },
    { text: '+', kind: 'sign' },
    { text: signed(step.grad), caption: `gradient of ${from}`, kind: 'number' },
    { text: '×', kind: 'sign' },
    { text: signed(step.partial), caption: 'slope', kind: 'number' },
    equals,
    { ...result, caption: step.nth < step.of ? `${step.nth} of ${step.of} shares` : 'now' },
  ];
}

// The arithmetic of a step as one line of text: `x: 0 + 18 × 3 = 54`.
function lineOf(trace, run, step, hidden = false) {
  const texts = termsOf(trace, run, step).map((term) => term.text);
  if (hidden) texts[texts.length - 1] = '?';
  return texts.join(' ').replace(' :', ':');
}

// The rule of a share: `∂(x·y)/∂x = y = 3`. Its last number is the partial of this run.
function ruleInWords(trace, step, hidden = false) {
  if (isForward(step)) return '';
  if (step.kind === 'seed') return hidden ? '' : step.rule;
  const number = figure(step.partial);
  if (!step.rule) return `slope = ${number}`;
  const sides = step.rule.split(' = ');
  const node = trace.nodes[step.from];
  const choice = trace.spelling[node.rule].sided[step.operand];
  const moved = choice && sides[sides.length - 1] !== number; // it may be on the other side now
  const kept = moved ? sides.slice(0, 1) : sides.slice(0, -1);
  return [...kept, number].join(' = ');
}

function sentenceOf(trace, step) {
  const name = trace.nodes[step.node].name;
  if (step.kind === 'input') return `${name} is an input.`;
  if (step.kind === 'forward') return forwardSentence(trace, step.node, name);
  if (step.kind === 'seed') {
    return `Forward is done. Going back begins here: if ${name} grows by 1, ${name} grows by 1.`;
  }
  const from = trace.nodes[step.from].name;
  const flow = `${from} passes its gradient on to ${name}, times the slope of ${from} in ${name}.`;
  if (step.of === 1) return flow;
  const more = step.nth < step.of ? 'more are to come' : 'now it is complete';
  return `${flow} This is share ${step.nth} of ${step.of}: shares add up, ${more}.`;
}

function forwardSentence(trace, i, name) {
  const parents = [...new Set(parentsOf(trace, i))].map((parent) => trace.nodes[parent].name);
  const told = parents.length > 4 ? `${parents.length} values` : parents.join(' and ');
  return `${name} is computed from ${told}.`;
}

// A node's operation with names in it.
function formulaOf(trace, { operands, rule }) {
  const names = operands.map((x) => trace.nodes[x.node]?.name);
  return filled(trace.spelling[rule].formula, names);
}

// The template with texts in its places {0}, {1}, …; a negative number gets parentheses.
function filled(template, texts) {
  return template.replace(/\{(\d+)\}/g, (place, i, at) => {
    const before = template.slice(0, at);
    const raised = /^(\*\*|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹])/.test(template.slice(at + place.length));
    const first = before === '' || /[(]$|, $/.test(before);
    const negative = /^-(\d|inf)/.test(texts[i]);
    return negative && (raised || !first) ? `(${texts[i]})` : texts[i];
  });
}
