// Functions that Math does not have: values only.

// Error function: a series (Abramowitz & Stegun 7.1.6), or by erfc.
function erf(x) {
  const a = Math.abs(x);
  if (!(a < 2.5)) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

// 1 - erf(x): a continued fraction (Abramowitz & Stegun 7.1.14) where erf is near 1.
function erfc(x) {
  if (x < 1.5) return 1 - erf(x);
  if (x > 27) return 0;
  let fraction = x;
  for (let k = 120; k >= 1; k--) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}

// Bernoulli's numbers of even index (A&S 6.1.40, 6.4.11).
const BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510];

const LOWEST = -1e6; // from below, recurrence would take too long

// Natural logarithm of |Γ(x)|; infinite at its poles 0, -1, -2, ....
function lgamma(x) {
  if (Math.abs(x) === Infinity || (x <= 0 && Number.isInteger(x))) return Infinity;
  if (x < LOWEST) return NaN;
  let below = 1;
  for (; x < 16; x++) below *= x;
  let sum = (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2;
  BERNOULLI.forEach((b, i) => (sum += b / ((2 * i + 2) * (2 * i + 1) * x ** (2 * i + 1))));
  return sum - Math.log(Math.abs(below));
}

// The slope of lgamma.
function digamma(x) {
  return polygamma(0, x);
}

// The n-th derivative of digamma, by recurrence from where the series in 1/x is accurate.
function polygamma(n, x) {
  if (x < LOWEST || (x <= 0 && Number.isInteger(x))) return NaN;
  const factorial = (k) => (k < 2 ? 1 : k * factorial(k - 1));
  const sign = n % 2 ? 1 : -1;
  let sum = 0;
  for (; x < 16 + n; x++) sum += (sign * factorial(n)) / x ** (n + 1);
  const tail = n ? (sign * factorial(n - 1)) / x ** n : Math.log(x);
  sum += tail + (sign * factorial(n)) / (2 * x ** (n + 1));
  BERNOULLI.forEach((b, i) => {
    const k = 2 * i + 2;
    sum += (sign * b * factorial(k + n - 1)) / factorial(k) / x ** (k + n);
  });
  return sum;
}

// ln of the sum of exponentials, without overflow.
function logsumexp(...xs) {
  const largest = Math.max(...xs);
  if (!Number.isFinite(largest)) return largest;
  return largest + Math.log(xs.reduce((sum, x) => sum + Math.exp(x - largest), 0));
}
