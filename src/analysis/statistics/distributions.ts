/** Lanczos' coefficients for g = 607/128 (Godfrey); the relative error is about 1e-15. */
const G = 607 / 128;
const LANCZOS = [
  0.99999999999999709182, 57.156235665862923517, -59.597960355475491248, 14.136097974741747174, -0.49191381609762019978,
  0.33994649984811888699e-4, 0.46523628927048575665e-4, -0.98374475304879564677e-4, 0.15808870322491248884e-3,
  -0.21026444172410488319e-3, 0.2174396181152126432e-3, -0.16431810653676389022e-3, 0.84418223983852743293e-4,
  -0.2619083840158140867e-4, 0.36899182659531622704e-5,
];
const TINY = 1e-300;
const EPSILON = 1e-16;
const MOST_TERMS = 10_000;

/** ln Gamma(x) for x > 0. */
export function lnGamma(x: number): number {
  const base = x + G - 0.5;
  const series = LANCZOS.reduce((sum, c, i) => (i === 0 ? c : sum + c / (x - 1 + i)), 0);
  return (x - 0.5) * Math.log(base) - base + Math.log(Math.sqrt(2 * Math.PI) * series);
}

/**
 * The continued fraction 1 / (b0 + a1 / (b1 + ...)) by Lentz's method.
 * @param first b0
 * @param term gives [a, b] of the n-th step, n from 1
 */
function fraction(first: number, term: (n: number) => readonly [a: number, b: number]): number {
  let c = 1 / TINY;
  let d = 1 / (first === 0 ? TINY : first);
  let value = d;
  for (let n = 1; n < MOST_TERMS; n++) {
    const [a, b] = term(n);
    d = b + a * d;
    c = b + a / c;
    d = 1 / (d === 0 ? TINY : d);
    if (c === 0) c = TINY;
    const change = c * d;
    value *= change;
    if (Math.abs(change - 1) < EPSILON) break;
  }
  return value;
}

/**
 * I_x(a, b), the regularised incomplete beta function.
 * @param y 1 - x, a parameter of its own because 1 - x would lose all digits of an x or y near 0
 */
export function incompleteBeta(x: number, y: number, a: number, b: number): number {
  if (x <= 0 || y <= 0) return x <= 0 ? 0 : 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(y, x, b, a);
  const front = Math.exp(lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log(y)) / a;
  return (
    front *
    fraction(1, (n) => {
      const m = Math.floor(n / 2);
      return [
        n % 2 === 0
          ? (m * (b - m) * x) / ((a + n - 1) * (a + n))
          : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
        1,
      ];
    })
  );
}

/** Q(a, x), the upper regularised incomplete gamma function. */
function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const front = Math.exp(a * Math.log(x) - x - lnGamma(a));
  if (x >= a + 1) return front * fraction(x + 1 - a, (n) => [-n * (n - a), x + 2 * n + 1 - a]);
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < MOST_TERMS && term > sum * EPSILON; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return 1 - front * sum;
}

/** P(Z <= z) of the standard normal. */
export const normalCdf = (z: number): number =>
  z < 0 ? 0.5 * upperGamma(0.5, (z * z) / 2) : 1 - 0.5 * upperGamma(0.5, (z * z) / 2);

/** P(X > x) of chi-squared. @param df degrees of freedom */
export const chiSquaredTail = (x: number, df: number): number => upperGamma(df / 2, x / 2);

/** P(T <= t) of Student's t. @param df degrees of freedom, not necessarily whole */
export function tCdf(t: number, df: number): number {
  const tail = 0.5 * incompleteBeta(df / (df + t * t), (t * t) / (df + t * t), df / 2, 0.5);
  return t < 0 ? tail : 1 - tail;
}

/**
 * The x at which a distribution function that is symmetric about 0 has the value p: bisection until no double lies
 * between the bounds. The lower bound is doubled until it is low enough.
 */
function invert(cdf: (x: number) => number, p: number): number {
  if (p === 0) return -Infinity;
  if (p === 1) return Infinity;
  if (!(p > 0 && p < 1)) return NaN;
  if (p === 0.5) return 0;
  if (p > 0.5) return -invert(cdf, 1 - p);
  let low = -1;
  let high = 0;
  while (cdf(low) > p && low > -1e300) {
    high = low;
    low *= 2;
  }
  for (let middle = (low + high) / 2; middle !== low && middle !== high; middle = (low + high) / 2) {
    if (cdf(middle) < p) low = middle;
    else high = middle;
  }
  return high;
}

/** The quantile z of the standard normal: P(Z <= z) = p. */
export const normalQuantile = (p: number): number => invert(normalCdf, p);

/** The quantile t of Student's t: P(T <= t) = p. @param df degrees of freedom */
export const tQuantile = (p: number, df: number): number => invert((t) => tCdf(t, df), p);
