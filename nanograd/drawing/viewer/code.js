// The user's own code, with the line lit that the step is about.

// Show the line that made the step's operation, if the trace has it.
function showCode({ code, trace, step }) {
  if (!code.shown) return;
  const place = trace.nodes[step.origin].place;
  if (place && place.file !== code.file) fillCode(code, trace, place.file);
  const line = place && code.lines.get(place.line);
  if (line === code.lit) return;
  code.lit?.removeAttribute('aria-current');
  line?.setAttribute('aria-current', 'step');
  code.lit = line;
  if (line) reveal(byId('lines'), line);
}

function readCode(trace) {
  const first = trace.order.map((i) => trace.nodes[i].place).find(Boolean);
  const code = { shown: Boolean(first), file: null, lines: new Map(), lit: null };
  byId('code').hidden = !first;
  if (first) fillCode(code, trace, first.file);
  return code;
}

function fillCode(code, trace, file) {
  const { name, start, lines } = trace.sources[file];
  code.file = file;
  code.lines.clear();
  const rows = lines.map((text, i) => {
    const row = element('span', { className: 'line', 'data-line': start + i }, text || ' ');
    code.lines.set(start + i, row);
    return row;
  });
  setText(byId('file'), name);
  byId('lines').replaceChildren(...rows);
}
