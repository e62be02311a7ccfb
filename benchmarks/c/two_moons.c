/* A network of 2-16-16-1 neurons, trained on all points at once, all steps in one call.

   The loss is mean(max(0, 1 - y score)) + 1e-4 sum(w w); the rate falls from 1 to 0.1 within 100
   steps. Weights lie as in Python's lists: neuron by neuron, those of its inputs and then its own. */

#include <string.h>

enum { HIDDEN = 16, MOST_POINTS = 1024 };
enum { WEIGHTS = 3 * HIDDEN + (HIDDEN + 1) * HIDDEN + HIDDEN + 1 };

static const double decay = 1e-4;

typedef double signal[MOST_POINTS]; /* of one neuron, for each point */

static double rate_at(long step) { return 1 - 0.9 * step / 100; }

static double shrunk(const double *weights, double *slopes) {
    double squares = 0;
    for (int i = 0; i < WEIGHTS; i++) {
        squares += weights[i] * weights[i];
        slopes[i] += 2 * decay * weights[i];
    }
    return decay * squares;
}

#define ALWAYS static inline __attribute__((always_inline))

/* -- neuron by neuron, for all points: every innermost loop is over points -------------------- */

ALWAYS void forward(const double *w, int inputs, int neurons, int is_relu, int points,
                    const signal *restrict in, signal *restrict out) {
    for (int j = 0; j < neurons; j++, w += inputs + 1)
        for (int p = 0; p < points; p++) {
            double sum = w[inputs];
            for (int i = 0; i < inputs; i++) sum += w[i] * in[i][p];
            out[j][p] = is_relu && sum < 0 ? 0 : sum;
        }
}

/* From the slopes of what a layer gives to those of its weights. */
ALWAYS void of_weights(double *slopes, int inputs, int neurons, int points,
                       const signal *restrict in, const signal *restrict a_out) {
    for (int j = 0; j < neurons; j++, slopes += inputs + 1) {
        for (int i = 0; i < inputs; i++) {
            double sum = 0;
            for (int p = 0; p < points; p++) sum += a_out[j][p] * in[i][p];
            slopes[i] = sum;
        }
        double sum = 0;
        for (int p = 0; p < points; p++) sum += a_out[j][p];
        slopes[inputs] = sum;
    }
}

/* From the slopes of what a layer gives to those of its inputs, which came from relus. */
ALWAYS void of_inputs(const double *w, int inputs, int neurons, int points,
                      const signal *restrict in, const signal *restrict a_out,
                      signal *restrict a_in) {
    for (int i = 0; i < inputs; i++)
        for (int p = 0; p < points; p++) {
            double sum = 0;
            for (int j = 0; j < neurons; j++) sum += w[(inputs + 1) * j + i] * a_out[j][p];
            a_in[i][p] = in[i][p] > 0 ? sum : 0;
        }
}

static double slopes_of_all(const double *weights, const signal *x, const double *sides,
                            int points, double *slopes) {
    static signal h1[HIDDEN], h2[HIDDEN], score[1], a_h1[HIDDEN], a_h2[HIDDEN], a_score[1];
    const double *second = weights + 3 * HIDDEN, *third = second + (HIDDEN + 1) * HIDDEN;
    forward(weights, 2, HIDDEN, 1, points, x, h1);
    forward(second, HIDDEN, HIDDEN, 1, points, h1, h2);
    forward(third, HIDDEN, 1, 0, points, h2, score);
    double loss = 0;
    for (int p = 0; p < points; p++) {
        double miss = 1 - sides[p] * score[0][p];
        loss += miss > 0 ? miss : 0;
        a_score[0][p] = miss > 0 ? -sides[p] / points : 0;
    }
    of_inputs(third, HIDDEN, 1, points, h2, a_score, a_h2);
    of_inputs(second, HIDDEN, HIDDEN, points, h1, a_h2, a_h1);
    of_weights(slopes, 2, HIDDEN, points, x, a_h1);
    of_weights(slopes + (second - weights), HIDDEN, HIDDEN, points, h1, a_h2);
    of_weights(slopes + (third - weights), HIDDEN, 1, points, h2, a_score);
    return loss / points + shrunk(weights, slopes);
}

void two_moons_by_neuron(double *weights, const double *xy, const double *sides, long points,
                         long steps, double *losses) {
    static signal x[2];
    double slopes[WEIGHTS];
    for (int p = 0; p < points; p++) {
        x[0][p] = xy[2 * p];
        x[1][p] = xy[2 * p + 1];
    }
    for (long step = 0; step < steps; step++) {
        losses[step] = slopes_of_all(weights, x, sides, (int)points, slopes);
        for (int i = 0; i < WEIGHTS; i++) weights[i] -= rate_at(step) * slopes[i];
    }
}

/* -- point by point, all neurons: a point that is on its side by far enough goes no further --- */

ALWAYS void layer(const double *w, int inputs, const double *in, double *out) {
    for (int j = 0; j < HIDDEN; j++, w += inputs + 1) {
        double sum = w[inputs];
        for (int i = 0; i < inputs; i++) sum += w[i] * in[i];
        out[j] = sum > 0 ? sum : 0;
    }
}

static double slopes_of_one(const double *weights, const double *xy, double side, double share,
                            double *slopes) {
    const double *second = weights + 3 * HIDDEN, *third = second + (HIDDEN + 1) * HIDDEN;
    double *of_second = slopes + (second - weights), *of_third = slopes + (third - weights);
    double h1[HIDDEN], h2[HIDDEN], a_h1[HIDDEN] = {0}, score = third[HIDDEN];
    layer(weights, 2, xy, h1);
    layer(second, HIDDEN, h1, h2);
    for (int j = 0; j < HIDDEN; j++) score += third[j] * h2[j];
    double miss = 1 - side * score;
    if (miss <= 0) return 0;
    double a_score = -side * share;
    of_third[HIDDEN] += a_score;
    for (int j = 0; j < HIDDEN; j++, second += HIDDEN + 1, of_second += HIDDEN + 1) {
        double a = h2[j] > 0 ? a_score * third[j] : 0;
        of_third[j] += a_score * h2[j];
        of_second[HIDDEN] += a;
        for (int i = 0; i < HIDDEN; i++) {
            of_second[i] += a * h1[i];
            a_h1[i] += a * second[i];
        }
    }
    for (int j = 0; j < HIDDEN; j++, slopes += 3) {
        double a = h1[j] > 0 ? a_h1[j] : 0;
        slopes[0] += a * xy[0];
        slopes[1] += a * xy[1];
        slopes[2] += a;
    }
    return miss * share;
}

void two_moons_by_point(double *weights, const double *xy, const double *sides, long points,
                        long steps, double *losses) {
    double slopes[WEIGHTS];
    for (long step = 0; step < steps; step++) {
        double loss = 0;
        memset(slopes, 0, sizeof slopes);
        for (long p = 0; p < points; p++)
            loss += slopes_of_one(weights, xy + 2 * p, sides[p], 1.0 / points, slopes);
        losses[step] = loss + shrunk(weights, slopes);
        for (int i = 0; i < WEIGHTS; i++) weights[i] -= rate_at(step) * slopes[i];
    }
}
