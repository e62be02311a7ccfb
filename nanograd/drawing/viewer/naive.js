// The chain rule done wrong: recursion that passes on what a node has at the time of each visit.

const MOST_VISITS = 20000; // a node is visited once for each path to it, and paths multiply
const MOST_TOLD = 10;

// The grads by naive recursion, and its first visits. Where visits have no end, `grads` is null.
// The stack stands for the calls of a recursive function: each entry is one share to pass on.
function naiveRun(trace, run) {
  const flows = Map.groupBy([...run.shares].reverse(), (share) => share.from);
  const grads = { [trace.output]: 1 };
  const visits = [];
  const stack = [...(flows.get(trace.output) ?? [])];
  for (let count = 0; stack.length; count++) {
    if (count === MOST_VISITS) return { grads: null, visits };
    const { node, from, partial } = stack.pop();
    const before = grads[node] ?? 0;
    grads[node] = before + grads[from] * partial;
    if (visits.length < MOST_TOLD) visits.push({ node, from, partial, before, grad: grads[from] });
    stack.push(...(flows.get(node) ?? []));
  }
  return { grads, visits };
}

// The nodes whose grads differ between the two ways, the inputs first.
function wrongNodes(trace, run, naive) {
  const reached = trace.order.filter((i) => run.grads[i] !== undefined);
  return reached.filter((i) => !nearly(run.grads[i], naive.grads[i]));
}
