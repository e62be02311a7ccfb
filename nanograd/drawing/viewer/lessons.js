// Two lessons beside the steps: why order matters, and what a second backward() does.

const MOST_TAUGHT = 10;

function teachOrder({ trace, run }) {
  const naive = naiveRun(trace, run);
  const wrong = naive.grads && wrongNodes(trace, run, naive).length;
  const intro = naive.grads
    ? 'On this graph both ways agree. The smallest on which they do not is '
    : 'On this graph naive recursion would hardly end. Smaller is ';
  const smallest = element('p', {}, intro, element('code', {}, 'b = a + a; c = b + b'), ':');
  const lesson = wrong ? orderLesson(trace, run, naive) : [smallest, ...smallestLesson(trace)];
  byId('naive').replaceChildren(...lesson);
}

function smallestLesson({ smallest }) {
  const trace = readTrace(smallest);
  const run = recordedRun(trace);
  return orderLesson(trace, run, naiveRun(trace, run));
}

function orderLesson(trace, run, naive) {
  const nameOf = (i) => trace.nodes[i].name;
  const rows = wrongNodes(trace, run, naive).map((i) => {
    return [nameOf(i), figure(run.grads[i]), figure(naive.grads[i])];
  });
  const items = naive.visits.map(({ node, from, partial, before, grad }) => {
    const share = `${figure(before)} + ${signed(grad)} × ${signed(partial)}`;
    const after = figure(before + grad * partial);
    return element('li', {}, `${nameOf(node)}: ${share} = ${after}, from ${nameOf(from)}`);
  });
  const title = element('summary', {}, 'How naive recursion goes wrong, visit by visit');
  const visits = element('details', {}, title, element('ol', {}, ...items));
  const output = nameOf(trace.output);
  const headings = ['Value', 'In order: right', 'Naive: wrong'];
  return [...comparison(`Gradients of ${output}`, headings, rows), visits];
}

function teachTwice({ trace, run, knobs }) {
  const rows = knobs.map(({ i }) => {
    const grad = run.grads[i] ?? 0;
    return [trace.nodes[i].name, figure(grad), figure(2 * grad), figure(grad)];
  });
  const caption = `Gradients after ${trace.nodes[trace.output].name}.backward()`;
  const headings = ['Input', 'Once', 'Twice', 'zero_grad() between'];
  byId('twice').replaceChildren(...comparison(caption, headings, rows, trace.inputs.length));
}

// A table of the first rows, and how many are left out.
function comparison(caption, headings, rows, all = rows.length) {
  const made = table(caption, headings, rows.slice(0, MOST_TAUGHT));
  made.className = 'compare';
  const cut = Math.max(0, all - MOST_TAUGHT);
  return cut ? [made, element('p', {}, `${cut.toLocaleString('en')} more left out.`)] : [made];
}
