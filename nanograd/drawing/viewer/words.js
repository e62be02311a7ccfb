// A gradient in words: the sum over all paths, each the product of the slopes along it.

const MOST_PATHS = 3;
const MOST_PARTS = 8; // of a path in one line

function tellGradients({ trace, run, knobs }) {
  const ways = waysDown(trace, run);
  const told = knobs.slice(0, MOST_TAUGHT).flatMap(({ i }) => wordsFor(trace, run, i, ways[i]));
  byId('paths').replaceChildren(...told);
  byId('words').hidden = trace.left_out;
}

// The largest shares that come down to each node, with their ways; one more than is told.
function waysDown(trace, run) {
  const ways = { [trace.output]: [{ node: trace.output, share: 1 }] };
  const size = ({ share }) => (Number.isNaN(share) ? Infinity : Math.abs(share));
  for (const { node, from, partial } of run.shares.slice(1)) {
    const longer = ways[from].map((up) => ({ node, up, partial, share: up.share * partial }));
    const all = [...(ways[node] ?? []), ...longer].sort((a, b) => size(b) - size(a));
    ways[node] = all.slice(0, MOST_PATHS + 1);
  }
  return ways;
}

// The gradient of an input as a sum, and below it the paths whose shares it adds up.
function wordsFor(trace, run, i, ways = []) {
  const grad = run.grads[i] ?? 0;
  const told = ways.slice(0, MOST_PATHS).map((way) => stepsOn(trace, way));
  const terms = told.map(({ slopes }) => product(slopes.filter((slope) => slope !== 1)));
  const lines = told.map(({ names, slopes }) => `${few(names).join(' → ')}: ${product(slopes)}`);
  if (ways.length > MOST_PATHS) {
    const rest = figure(told.reduce((left, { share }) => left - share, grad));
    terms.push(rest);
    lines.push(`all other paths: ${rest}`);
  }
  const ratio = [trace.output, i].map((node) => `∂${trace.nodes[node].name}`).join('/');
  const sides = new Set([ratio, terms.join(' + ').replaceAll(' + -', ' - ') || '0', figure(grad)]);
  return [[...sides].join(' = '), ...lines].map((line, n) => element(n ? 'dd' : 'dt', {}, line));
}

// The names on a way, from the output down, and the slopes between them.
function stepsOn({ nodes }, way) {
  const steps = [];
  for (let step = way; step; step = step.up) steps.unshift(step);
  const slopes = steps.slice(1).map((step) => step.partial);
  return { share: way.share, names: steps.map((step) => nodes[step.node].name), slopes };
}

function product([first = 1, ...others]) {
  return few([figure(first), ...others.map(signed)]).join(' · ');
}

function few(parts) {
  if (parts.length <= MOST_PARTS) return parts;
  return [...parts.slice(0, 4), '…', ...parts.slice(-4)];
}
