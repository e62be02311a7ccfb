/* The AND gate learned by logistic regression: all epochs in one call, each loss kept.

   The four examples are constants, so that the compiler can unroll them. `weights` are w1, w2, b,
   and are changed. What an example costs is -(y ln p + (1 - y) ln(1 - p)), and an epoch the mean. */

#include <math.h>

enum { ROWS = 4 };

static const double first[ROWS] = {0, 0, 1, 1};
static const double second[ROWS] = {0, 1, 0, 1};
static const double target[ROWS] = {0, 0, 0, 1};

/* One step of the chain rule after the other, as the loss is stated. */
static inline double slopes_as_stated(double w1, double w2, double b, double slope[3]) {
    double loss = 0, of_w1 = 0, of_w2 = 0, of_b = 0;
    for (int row = 0; row < ROWS; row++) {
        double y = target[row];
        double p = 1 / (1 + exp(-(first[row] * w1 + second[row] * w2 + b)));
        loss -= y * log(p) + (1 - y) * log(1 - p);
        double of_p = ((1 - y) / (1 - p) - y / p) / ROWS;
        double of_z = of_p * p * (1 - p);
        of_w1 += of_z * first[row];
        of_w2 += of_z * second[row];
        of_b += of_z;
    }
    slope[0] = of_w1;
    slope[1] = of_w2;
    slope[2] = of_b;
    return loss / ROWS;
}

/* What a mathematician would write: the slope of the loss in z is p - y, and one logarithm is 0. */
static inline double slopes_simplified(double w1, double w2, double b, double slope[3]) {
    double p[ROWS], loss = 0, of_w1 = 0, of_w2 = 0, of_b = 0;
    for (int row = 0; row < ROWS; row++)
        p[row] = 1 / (1 + exp(-(first[row] * w1 + second[row] * w2 + b)));
    for (int row = 0; row < ROWS; row++) {
        double of_z = (p[row] - target[row]) / ROWS;
        loss -= log(target[row] ? p[row] : 1 - p[row]);
        of_w1 += of_z * first[row];
        of_w2 += of_z * second[row];
        of_b += of_z;
    }
    slope[0] = of_w1;
    slope[1] = of_w2;
    slope[2] = of_b;
    return loss / ROWS;
}

#define TRAINING(name, slopes)                                                 \
    void name(double *weights, long epochs, double rate, double *losses) {     \
        double w1 = weights[0], w2 = weights[1], b = weights[2], slope[3];     \
        for (long epoch = 0; epoch < epochs; epoch++) {                        \
            losses[epoch] = slopes(w1, w2, b, slope);                          \
            w1 -= rate * slope[0];                                             \
            w2 -= rate * slope[1];                                             \
            b -= rate * slope[2];                                              \
        }                                                                      \
        weights[0] = w1;                                                       \
        weights[1] = w2;                                                       \
        weights[2] = b;                                                        \
    }

TRAINING(and_gate_as_stated, slopes_as_stated)
TRAINING(and_gate_simplified, slopes_simplified)
