/* The Black-Scholes price of a call and its slopes in all five arguments, row by row. */

#include <math.h>

#define ROOT_HALF 0.70710678118654752440 /* 1/sqrt(2) */
#define PEAK 0.39894228040143267794      /* 1/sqrt(2 pi), the height of the bell curve */

/* Columns: spot, strike, years, rate, volatility; the price, and its slopes in the same order. */
struct columns {
    const double *spot, *strike, *years, *rate, *volatility;
    double *price, *of_spot, *of_strike, *of_years, *of_rate, *of_volatility;
};

/* The slopes as textbooks have them. */
void black_scholes_closed_form(struct columns of, long rows, int threads) {
#pragma omp parallel for simd num_threads(threads) schedule(static)
    for (long i = 0; i < rows; i++) {
        double spot = of.spot[i], years = of.years[i], rate = of.rate[i], sigma = of.volatility[i];
        double root = sqrt(years), spread = sigma * root;
        double d1 = (log(spot / of.strike[i]) + (rate + sigma * sigma / 2) * years) / spread;
        double d2 = d1 - spread;
        double delta = 0.5 + 0.5 * erf(d1 * ROOT_HALF), likely = 0.5 + 0.5 * erf(d2 * ROOT_HALF);
        double today = exp(-rate * years) * likely, owed = of.strike[i] * today;
        double bell = spot * PEAK * exp(-d1 * d1 / 2);
        of.price[i] = spot * delta - owed;
        of.of_spot[i] = delta;
        of.of_strike[i] = -today;
        of.of_years[i] = bell * sigma / (2 * root) + rate * owed;
        of.of_rate[i] = years * owed;
        of.of_volatility[i] = bell * root;
    }
}

/* The same by the chain rule alone, backward through the formula: `a_x` is the adjoint of x. */
void black_scholes_reverse_mode(struct columns of, long rows, int threads) {
#pragma omp parallel for simd num_threads(threads) schedule(static)
    for (long i = 0; i < rows; i++) {
        double spot = of.spot[i], strike = of.strike[i], years = of.years[i];
        double rate = of.rate[i], sigma = of.volatility[i];
        double root = sqrt(years), spread = sigma * root, money = spot / strike;
        double drift = rate + 0.5 * sigma * sigma, top = log(money) + drift * years;
        double d1 = top / spread, d2 = d1 - spread;
        double n1 = 0.5 * (1 + erf(d1 * ROOT_HALF)), n2 = 0.5 * (1 + erf(d2 * ROOT_HALF));
        double discount = exp(-(rate * years)), owed = strike * discount;

        double a_n1 = spot, a_n2 = -owed, a_owed = -n2;
        double a_discount = a_owed * strike, a_exponent = -a_discount * discount;
        double a_d2 = a_n2 * PEAK * exp(-0.5 * d2 * d2);
        double a_d1 = a_n1 * PEAK * exp(-0.5 * d1 * d1) + a_d2;
        double a_top = a_d1 / spread, a_spread = -a_top * d1 - a_d2;
        double a_drift = a_top * years, a_money = a_top / money;

        of.price[i] = spot * n1 - owed * n2;
        of.of_spot[i] = n1 + a_money / strike;
        of.of_strike[i] = a_owed * discount - a_money * money / strike;
        of.of_years[i] = a_exponent * rate + a_top * drift + a_spread * sigma / (2 * root);
        of.of_rate[i] = a_exponent * years + a_drift;
        of.of_volatility[i] = a_drift * sigma + a_spread * root;
    }
}
