// Numbers as the page shows them, and as a learner types them.

// A number as a reader wants it: six digits at most, as Python's format "g" has them.
function figure(x, digits = 6) {
  if (Number.isNaN(x)) return 'nan';
  if (!Number.isFinite(x)) return x > 0 ? 'inf' : '-inf';
  if (x === 0) return '0';
  const [mantissa, exponent] = x.toExponential(digits - 1).split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(Number(x.toPrecision(digits)));
  const size = String(Math.abs(power)).padStart(2, '0');
  return `${mantissa.replace(/\.?0+$/, '')}e${power < 0 ? '-' : '+'}${size}`;
}

// A number as the cards of the picture have it: shorter, and with a real minus sign.
function shortFigure(x, digits = 4) {
  const whole = digits === 4 && Number.isInteger(x);
  return figure(x, whole ? 6 : digits).replace(/e\+?(-?)0?/, 'e$1').replace(/-/g, '−');
}

// A number as it stands after a sign: a negative one in parentheses.
function signed(x) {
  const text = figure(x);
  return text.startsWith('-') ? `(${text})` : text;
}

// JSON has no inf and no nan: in the trace they are texts.
function numberOf(entry) {
  return typeof entry === 'string' ? Number(entry.replace('inf', 'Infinity')) : entry;
}

// Whether two numbers are the same, but for rounding.
function nearly(x, y) {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) && Number.isNaN(y);
  return x === y || Math.abs(x - y) <= 1e-9 * Math.max(Math.abs(x), Math.abs(y));
}

// -- what a learner types

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const THOUSANDS = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/; // 1,234.5
const COMMA = /^[^,]*,[^,.]*$/; // 1.234,5
const COARSEST = 0.02; // of the number: 0.33 passes for 1/3, and 0.3 does not

// What a text may mean, with the `slack` of its last digit: 1,000 has two readings.
function readings(text) {
  const plain = text.replace(/\s/g, '').replace(/[−–]/g, '-').replace(/∞/g, 'inf');
  const [above, below, ...more] = plain.split('/');
  if (more.length) return [];
  if (below === undefined) return decimals(above);
  const values = decimals(above).flatMap((a) => decimals(below).map((b) => a.value / b.value));
  return values.map((value) => ({ value, slack: 1e-6 * Math.abs(value) }));
}

function decimals(text) {
  if (/^(-?inf|nan)$/i.test(text)) return [{ value: numberOf(text.toLowerCase()), slack: 0 }];
  const spellings = text.includes(',') ? [] : [text];
  if (THOUSANDS.test(text)) spellings.push(text.replace(/,/g, ''));
  if (COMMA.test(text)) spellings.push(text.replace(/\./g, '').replace(',', '.'));
  return spellings.filter((spelling) => DECIMAL.test(spelling)).map(decimal);
}

function decimal(text) {
  const [digits, exponent = '0'] = text.toLowerCase().split('e');
  const places = (digits.split('.')[1] ?? '').length;
  return { value: Number(text), slack: 0.5 * 10 ** (Number(exponent) - places) };
}

// Whether one of the readings of a text is the number, as exactly as the text goes.
function means(text, number) {
  return readings(text).some(({ value, slack }) => {
    if (nearly(value, number)) return true;
    const off = Math.abs(value - number);
    return off <= slack * (1 + 1e-9) && off <= COARSEST * Math.abs(number);
  });
}
