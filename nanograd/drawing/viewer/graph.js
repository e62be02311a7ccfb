// The graph: what the trace says of it, and what becomes of it when its inputs are changed.

// A run is {data, shares, grads}: the number of every node, the shares in the order in which they
// arrive, and the grad of every node after the last of them.

// The run that Python made, as the trace tells it.
function recordedRun(trace) {
  const data = [];
  for (const i of trace.order) data[i] = numberOf(trace.nodes[i].data);
  const flows = trace.backward.map((flow) => ({ ...flow, partial: numberOf(flow.partial) }));
  return { data, ...accumulated(flows) };
}

// The run with other numbers in some inputs; `changed` maps a node to its number.
function recomputedRun(trace, changed) {
  const data = forwardPass(trace, changed);
  return { data, ...accumulated(flowsOf(trace, data)) };
}

function forwardPass(trace, changed) {
  const data = [];
  for (const i of trace.order) {
    const node = trace.nodes[i];
    const rule = ruleOf(node);
    const kept = changed.has(i) ? changed.get(i) : numberOf(node.data);
    data[i] = rule ? rule.value(operandsOf(node, data)) : kept;
  }
  return data;
}

function ruleOf(node) {
  return node.rule === null ? null : RULES[node.rule];
}

// The numbers of a node's operands: of other nodes, or plain.
function operandsOf(node, data) {
  return node.operands.map((x) => ('node' in x ? data[x.node] : numberOf(x.number)));
}

// -- backward

// Every flow of the backward pass, in Python's order, with the partials at these numbers.
function flowsOf(trace, data) {
  const flows = [trace.backward[0]];
  const reached = new Set([trace.output]);
  for (const from of trace.computed) {
    if (!reached.has(from)) continue; // it was not chosen
    for (const flow of flowsFrom(trace, from, data)) {
      reached.add(flow.node);
      flows.push(flow);
    }
  }
  return flows;
}

function flowsFrom(trace, from, data) {
  const node = trace.nodes[from];
  const rule = ruleOf(node);
  const recorded = trace.flowsFrom.get(from) ?? [];
  if (!rule) return recorded;
  const numbers = operandsOf(node, data);
  const flows = [];
  node.operands.forEach((x, operand) => {
    if (!('node' in x) || !rule.partials[operand]) return;
    const partial = rule.partials[operand](numbers, data[from]);
    if (trace.spelling[node.rule].chooses && partial === 0) return;
    const told = recorded.find((flow) => flow.operand === operand);
    flows.push({ node: x.node, from, operand, partial, rule: told ? told.rule : null });
  });
  return flows;
}

// The shares of these flows as they add up, and what they add up to.
function accumulated(flows) {
  const grads = [];
  const shares = flows.map((flow) => {
    const before = grads[flow.node] ?? 0;
    const grad = flow.from === null ? 1 : grads[flow.from];
    const after = before + grad * flow.partial;
    grads[flow.node] = after;
    return { ...flow, before, grad, after };
  });
  return { shares, grads };
}

// The nodes among the operands, in order, repeats kept.
function parentsOf(trace, i) {
  return trace.nodes[i].operands.filter((x) => 'node' in x).map((x) => x.node);
}

// -- reading the trace

// The trace as it was embedded, with what is looked up in it often.
function readTrace(record) {
  const trace = { ...record, order: Object.keys(record.nodes).map(Number) };
  trace.flowsFrom = Map.groupBy(trace.backward, (flow) => flow.from);
  trace.inputs = trace.order.filter((i) => !trace.nodes[i].operands.length);
  trace.stuck = trace.left_out ? new Set(trace.inputs) : underUnruled(trace);
  return trace;
}

// The nodes that cannot change, as an operation without a rule in JavaScript uses them.
function underUnruled(trace) {
  const stuck = new Set();
  for (const i of [...trace.order].reverse()) {
    const node = trace.nodes[i];
    const unruled = node.operands.length && !ruleOf(node);
    if (unruled || stuck.has(i)) parentsOf(trace, i).forEach((parent) => stuck.add(parent));
  }
  return stuck;
}
