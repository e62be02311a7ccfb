// The picture: its cards and edges, shown as far as the step has come.

const SMALLEST_SCALE = 0.8; // a larger picture scrolls
const LARGEST_SCALE = 1.35;

// The cards and edges of the picture by node, and by the operand that an edge is.
function readPicture(box, trace) {
  const picture = { box, cards: new Map(), groups: [], edges: new Map(), lit: null };
  for (const card of box.querySelectorAll('[data-node]')) {
    picture.cards.set(Number(card.dataset.node), { card, single: true });
  }
  box.querySelectorAll('g title, desc').forEach((hint) => hint.remove()); // they tell the end
  for (const card of box.querySelectorAll('[data-group]')) {
    const nodes = trace.groups[card.dataset.group];
    picture.groups.push({ card, nodes });
    for (const node of nodes) picture.cards.set(node, { card, single: false });
  }
  for (const part of box.querySelectorAll('.edge[data-operand], .slope[data-operand]')) {
    const key = edgeKey(part.dataset.to, part.dataset.operand);
    picture.edges.set(key, [...(picture.edges.get(key) ?? []), part]);
  }
  return picture;
}

// Make the picture as large as there is room, within reason.
function fitPicture({ box }) {
  const svg = box.querySelector('svg');
  const { width, height } = svg.viewBox.baseVal;
  const room = (box.clientWidth - 32) / width; // 32 is its padding
  const scale = Math.min(Math.max(room, SMALLEST_SCALE), LARGEST_SCALE);
  svg.setAttribute('width', width * scale);
  svg.setAttribute('height', height * scale);
}

// Show what is known after a step, and light what it is about.
function showPicture(view) {
  const { picture, run, step, state, hidden } = view;
  for (const [node, { card, single }] of picture.cards) {
    const known = state.known.has(node) && !(hidden && isForward(step) && step.node === node);
    if (single) showCard(view, card, node, known);
    card.classList.remove('now', 'origin');
  }
  const asked = hidden ? step.node : -1;
  picture.groups.forEach((group) => showGroup(group, run, state, asked));
  picture.cards.get(step.origin)?.card.classList.add('origin');
  const lit = picture.cards.get(step.node)?.card;
  lit?.classList.add('now');
  showEdges(view);
  if (lit && lit !== picture.lit) reveal(picture.box, lit);
  picture.lit = lit;
}

function showCard({ run, step, state, hidden }, card, node, known) {
  const asked = hidden && step.node === node;
  const share = state.arrived.get(node);
  card.classList.toggle('unknown', !known);
  card.classList.toggle('partly', Boolean(share && share.nth < share.of));
  write(card, '.value', known ? shortFigure(run.data[node]) : asked ? '?' : '');
  write(card, '.grad', !share ? '' : asked ? '?' : shortFigure(share.after));
  card.classList.toggle('ungraded', !share);
  const seen = [known ? run.data[node] : 0, share && !asked ? share.after : 0];
  card.classList.toggle('strange', !seen.every(Number.isFinite));
}

// A card of several nodes tells between what their numbers lie, but for what is asked.
function showGroup({ card, nodes: all }, run, state, asked) {
  const nodes = all.filter((i) => i !== asked);
  const numbers = nodes.filter((i) => state.known.has(i)).map((i) => run.data[i]);
  const ends = [Math.min(...numbers), Math.max(...numbers)].map((x) => shortFigure(x, 2));
  const grads = nodes.filter((i) => state.grads.has(i)).map((i) => Math.abs(state.grads.get(i)));
  write(card, '.value', numbers.length ? [...new Set(ends)].join(' … ') : '');
  write(card, '.grad', grads.length ? `≤ ${shortFigure(Math.max(...grads), 2)}` : '');
  card.classList.toggle('unknown', !numbers.length);
  card.classList.toggle('ungraded', !grads.length);
}

function write(card, selector, text) {
  const part = card.querySelector(selector);
  if (part) setText(part, text);
}

// -- edges

// Forward, the edges into the step's node are lit; backward, the one that its share takes.
function showEdges({ picture, trace, run, step, state, hidden }) {
  const largest = Math.max(0, ...run.shares.map(flowOf).filter(Number.isFinite));
  const shares = new Map(run.shares.map((share) => [edgeKey(share.from, share.operand), share]));
  const lit = new Set(litBy(trace, step));
  for (const [key, parts] of picture.edges) {
    const share = shares.get(key);
    const [to] = key.split('/').map(Number);
    const asked = hidden && lit.has(key);
    for (const part of parts) {
      part.classList.toggle('now', lit.has(key));
      part.classList.toggle('backward', lit.has(key) && !isForward(step));
      part.classList.toggle('unknown', !state.known.has(to));
      part.classList.toggle('flowed', state.flowed.has(key));
      if (part.matches('.slope')) setText(part, labelOf(share, state.flowed.has(key) && !asked));
      else widen(part, share, largest, state.flowed.has(key) && trace.widths);
    }
  }
}

function litBy(trace, step) {
  if (!isForward(step)) return [edgeKey(step.from, step.operand)];
  return trace.nodes[step.node].operands.map((_, operand) => edgeKey(step.node, operand));
}

function flowOf(share) {
  return share.from === null ? 0 : Math.abs(share.grad * share.partial);
}

function widen(edge, share, largest, widths) {
  const flow = share ? flowOf(share) : 0;
  edge.classList.toggle('none', Boolean(widths) && flow === 0);
  edge.style.strokeWidth = `${widths ? breadth(flow, largest, widths) : 1}px`;
}

// How wide an edge is, by the decades between its flow and the largest, as in svg.py.
function breadth(flow, largest, { thinnest, widest, decades }) {
  if (flow === 0) return 1;
  if (!(flow < largest)) return widest;
  const share = Math.max(0, 1 + Math.log10(flow / largest) / decades);
  return thinnest + (widest - thinnest) * share;
}

function labelOf(share, shown) {
  return shown && share && share.partial !== 1 ? `×${shortFigure(share.partial)}` : '';
}
