/* A GPT of one layer and four heads, trained on one name in each step: loss, slopes, Adam.

   Eight positions of a name go side by side in a vector, so all that is done position by position
   is written as for one number, and needs no sums across a vector. Names with more positions
   have two such groups. The slopes of weights are sums over positions: there, rows go side by side.

   Weights lie as in the example: tokens, positions, queries, keys, values, heads, widen, narrow,
   scores, each row by row. */

#include <math.h>
#include <string.h>

enum { WIDTH = 16, HEADS = 4, PART = WIDTH / HEADS, HIDDEN = 4 * WIDTH, TOKENS = 27, LONGEST = 16 };
enum { LANES = 8, GROUPS = LONGEST / LANES };
enum {
    OF_TOKENS = 0,
    OF_POSITIONS = OF_TOKENS + TOKENS * WIDTH,
    OF_QUERIES = OF_POSITIONS + LONGEST * WIDTH,
    OF_KEYS = OF_QUERIES + WIDTH * WIDTH,
    OF_VALUES = OF_KEYS + WIDTH * WIDTH,
    OF_HEADS = OF_VALUES + WIDTH * WIDTH,
    OF_WIDEN = OF_HEADS + WIDTH * WIDTH,
    OF_NARROW = OF_WIDEN + HIDDEN * WIDTH,
    OF_SCORES = OF_NARROW + WIDTH * HIDDEN,
    WEIGHTS = OF_SCORES + TOKENS * WIDTH
};

#define ALWAYS static inline __attribute__((always_inline))

typedef double lanes __attribute__((vector_size(LANES * sizeof(double)))); /* eight positions */
typedef double row __attribute__((vector_size(sizeof(lanes)), aligned(sizeof(double)))); /* anywhere */
typedef long long flags __attribute__((vector_size(sizeof(lanes)))); /* all bits of each, or none */

/* -- of one group of positions ---------------------------------------------------------------- */

ALWAYS lanes exp_of(lanes x) {
    double each[LANES];
    memcpy(each, &x, sizeof x);
    for (int l = 0; l < LANES; l++) each[l] = exp(each[l]);
    memcpy(&x, each, sizeof x);
    return x;
}

ALWAYS lanes rsqrt_of(lanes x) {
    double each[LANES];
    memcpy(each, &x, sizeof x);
    for (int l = 0; l < LANES; l++) each[l] = 1 / sqrt(each[l]);
    memcpy(&x, each, sizeof x);
    return x;
}

/* x where a flag is set, y elsewhere. */
ALWAYS lanes chosen(flags set, lanes x, lanes y) {
    return (lanes)((set & (flags)x) | (~set & (flags)y));
}

ALWAYS lanes larger(lanes x, lanes y) { return chosen(x > y, x, y); }

ALWAYS lanes where_positive(lanes condition, lanes x) {
    return (lanes)((condition > 0) & (flags)x);
}

/* y = matrix x. Four rows at a time, so that sums need not wait for each other. */
ALWAYS void transform(int rows, int columns, const double *matrix, const lanes *x, lanes *y) {
    int r = 0;
    for (; r + 4 <= rows; r += 4) {
        const double *m = matrix + r * columns;
        lanes a = {0}, b = {0}, c = {0}, d = {0};
        for (int i = 0; i < columns; i++) {
            a += m[i] * x[i];
            b += m[columns + i] * x[i];
            c += m[2 * columns + i] * x[i];
            d += m[3 * columns + i] * x[i];
        }
        y[r] = a, y[r + 1] = b, y[r + 2] = c, y[r + 3] = d;
    }
    for (; r < rows; r++) {
        lanes a = {0};
        for (int i = 0; i < columns; i++) a += matrix[r * columns + i] * x[i];
        y[r] = a;
    }
}

/* a_x += a_y matrix, the way back. */
ALWAYS void transform_back(int rows, int columns, const double *matrix, const lanes *a_y,
                           lanes *a_x) {
    for (int i = 0; i < columns; i += 4) {
        lanes a = a_x[i], b = a_x[i + 1], c = a_x[i + 2], d = a_x[i + 3];
        for (int r = 0; r < rows; r++) {
            const double *m = matrix + r * columns + i;
            a += m[0] * a_y[r];
            b += m[1] * a_y[r];
            c += m[2] * a_y[r];
            d += m[3] * a_y[r];
        }
        a_x[i] = a, a_x[i + 1] = b, a_x[i + 2] = c, a_x[i + 3] = d;
    }
}

ALWAYS lanes normalize(const lanes *x, lanes *y) {
    lanes squares = {0};
    for (int i = 0; i < WIDTH; i++) squares += x[i] * x[i];
    lanes scale = rsqrt_of(squares / WIDTH + 1e-5);
    for (int i = 0; i < WIDTH; i++) y[i] = x[i] * scale;
    return scale;
}

/* a_x += the way back of normalize. */
ALWAYS void normalize_back(const lanes *x, lanes scale, const lanes *a_y, lanes *a_x) {
    lanes sum = {0};
    for (int i = 0; i < WIDTH; i++) sum += a_y[i] * x[i];
    lanes share = sum * scale * scale * scale / WIDTH;
    for (int i = 0; i < WIDTH; i++) a_x[i] += a_y[i] * scale - x[i] * share;
}

/* -- over all positions ----------------------------------------------------------------------- */

/* slopes = the sum over positions of a_y times x, or += that, if this is not the first group. */
ALWAYS void of_weights(int rows, int columns, int positions, int is_first, const lanes *a_y,
                       const lanes *x, double *slopes) {
    lanes turned[LANES][HIDDEN / LANES];
    double *to = (double *)turned;
    const double *from = (const double *)x, *a = (const double *)a_y;
    for (int i = 0; i < columns; i++)
        for (int p = 0; p < LANES; p++) to[p * HIDDEN + i] = from[i * LANES + p];
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns / LANES; c += 2) {
            row *here = (row *)(slopes + r * columns) + c;
            lanes one = {0}, two = {0};
            if (!is_first) one = here[0], two = here[1];
            for (int p = 0; p < positions; p++) {
                one += a[r * LANES + p] * turned[p][c];
                two += a[r * LANES + p] * turned[p][c + 1];
            }
            here[0] = one, here[1] = two;
        }
}

/* What is computed on the way forth and needed on the way back. */
typedef struct {
    lanes embedded[WIDTH], first[WIDTH], asked[WIDTH], found[WIDTH], attended[WIDTH];
    lanes normal[WIDTH], hidden[HIDDEN], last[WIDTH], scores[TOKENS];
    lanes queries[WIDTH], keys[WIDTH], values[WIDTH];
    lanes shares[HEADS][LONGEST];
    lanes scale_of_embedded, scale_of_first, scale_of_attended;
    lanes a_keys[WIDTH], a_values[WIDTH], a_queries[WIDTH], a_found[WIDTH], a_attended[WIDTH];
} group;

ALWAYS const double *at(const lanes *x, int place) { return (const double *)(x + place); }

ALWAYS void turn(const lanes *x, lanes *turned) { /* eight by eight */
    double each[LANES][LANES];
    const double *from = (const double *)x;
    for (int p = 0; p < LANES; p++)
        for (int s = 0; s < LANES; s++) each[p][s] = from[s * LANES + p];
    memcpy(turned, each, sizeof each);
}

/* -- attention: each position of one group looks at those of an equal or an earlier one ------- */

ALWAYS void attend(group *groups, int of, int positions) {
    group *g = groups + of;
    lanes place = {0, 1, 2, 3, 4, 5, 6, 7}, nothing = {0};
    place += of * LANES;
    int seen = (of + 1) * LANES < positions ? (of + 1) * LANES : positions;
    for (int h = 0; h < HEADS; h++) {
        const lanes *q = g->queries + h * PART;
        lanes *shares = g->shares[h], top = nothing - 1e300, total = nothing;
        for (int s = 0; s < seen; s++) {
            const double *k = at(groups[s / LANES].keys, h * PART) + s % LANES;
            lanes match = nothing;
            for (int j = 0; j < PART; j++) match += q[j] * k[j * LANES];
            shares[s] = match * 0.5;
            top = chosen((place >= s) & (shares[s] > top), shares[s], top);
        }
        for (int s = 0; s < seen; s++) {
            lanes power = exp_of(chosen(place >= s, shares[s] - top, nothing));
            shares[s] = chosen(place >= s, power, nothing);
            total += shares[s];
        }
        total = 1 / total;
        lanes found[PART] = {0};
        for (int s = 0; s < seen; s++) {
            const double *v = at(groups[s / LANES].values, h * PART) + s % LANES;
            shares[s] *= total;
            for (int j = 0; j < PART; j++) found[j] += shares[s] * v[j * LANES];
        }
        memcpy(g->found + h * PART, found, sizeof found);
    }
}

ALWAYS void attend_back(group *groups, int of, int positions) {
    group *g = groups + of;
    for (int h = 0; h < HEADS; h++) {
        const lanes *a_found = g->a_found + h * PART;
        lanes a_queries[PART] = {0}, a_shares[LONGEST] = {0}, sum = {0};
        int seen = (of + 1) * LANES < positions ? (of + 1) * LANES : positions;
        for (int s = 0; s < seen; s++) {
            const double *v = at(groups[s / LANES].values, h * PART) + s % LANES;
            for (int j = 0; j < PART; j++) a_shares[s] += a_found[j] * v[j * LANES];
            sum += a_shares[s] * g->shares[h][s];
        }
        for (int s = 0; s < seen; s++) {
            const double *k = at(groups[s / LANES].keys, h * PART) + s % LANES;
            a_shares[s] = (a_shares[s] - sum) * g->shares[h][s] * 0.5;
            for (int j = 0; j < PART; j++) a_queries[j] += a_shares[s] * k[j * LANES];
        }
        memcpy(g->a_queries + h * PART, a_queries, sizeof a_queries);
        int here = positions - of * LANES < LANES ? positions - of * LANES : LANES;
        for (int other = 0; other <= of; other++) {
            lanes shares[LANES], a_matches[LANES];
            turn(g->shares[h] + other * LANES, shares);
            turn(a_shares + other * LANES, a_matches);
            for (int j = 0; j < PART; j++) {
                const double *a = at(a_found, j), *q = at(g->queries, h * PART + j);
                lanes a_key = {0}, a_value = {0};
                for (int p = 0; p < here; p++) {
                    a_value += a[p] * shares[p];
                    a_key += q[p] * a_matches[p];
                }
                groups[other].a_keys[h * PART + j] += a_key;
                groups[other].a_values[h * PART + j] += a_value;
            }
        }
    }
}

/* -- the whole -------------------------------------------------------------------------------- */

ALWAYS void embed(const double *w, const int *tokens, int from, int positions, lanes *x) {
    double *each = (double *)x;
    for (int p = 0; p < LANES; p++) {
        int place = from + p < positions ? from + p : 0; /* what is beyond the name counts nothing */
        const double *token = w + OF_TOKENS + tokens[place] * WIDTH;
        const double *position = w + OF_POSITIONS + place * WIDTH;
        for (int i = 0; i < WIDTH; i++) each[i * LANES + p] = token[i] + position[i];
    }
}

ALWAYS void think(const double *w, group *g) {
    transform(WIDTH, WIDTH, w + OF_HEADS, g->found, g->attended);
    for (int i = 0; i < WIDTH; i++) g->attended[i] += g->first[i];
    g->scale_of_attended = normalize(g->attended, g->normal);
    transform(HIDDEN, WIDTH, w + OF_WIDEN, g->normal, g->hidden);
    for (int i = 0; i < HIDDEN; i++) g->hidden[i] = where_positive(g->hidden[i], g->hidden[i]);
    transform(WIDTH, HIDDEN, w + OF_NARROW, g->hidden, g->last);
    for (int i = 0; i < WIDTH; i++) g->last[i] += g->attended[i];
    transform(TOKENS, WIDTH, w + OF_SCORES, g->last, g->scores);
}

/* The sum of the losses of a group, each times `share`; its scores become their slopes. */
ALWAYS double surprise(const int *following, int positions, double share, group *g) {
    lanes top = g->scores[0], total = {0}, shares = {0};
    double *each = (double *)g->scores, totals[LANES], loss = 0;
    for (int i = 1; i < TOKENS; i++) top = larger(top, g->scores[i]);
    for (int p = 0; p < positions; p++) {
        loss -= each[following[p] * LANES + p] - top[p];
        shares[p] = share;
    }
    for (int i = 0; i < TOKENS; i++) {
        g->scores[i] = exp_of(g->scores[i] - top);
        total += g->scores[i];
    }
    memcpy(totals, &total, sizeof totals);
    for (int p = 0; p < positions; p++) loss += log(totals[p]);
    shares /= total;
    for (int i = 0; i < TOKENS; i++) g->scores[i] *= shares;
    for (int p = 0; p < positions; p++) each[following[p] * LANES + p] -= share;
    return loss * share;
}

ALWAYS void think_back(const double *w, group *g, int positions, int is_first, double *slopes) {
    lanes a_last[WIDTH] = {0}, a_hidden[HIDDEN] = {0}, a_normal[WIDTH] = {0};
    transform_back(TOKENS, WIDTH, w + OF_SCORES, g->scores, a_last);
    transform_back(WIDTH, HIDDEN, w + OF_NARROW, a_last, a_hidden);
    for (int i = 0; i < HIDDEN; i++) a_hidden[i] = where_positive(g->hidden[i], a_hidden[i]);
    transform_back(HIDDEN, WIDTH, w + OF_WIDEN, a_hidden, a_normal);
    of_weights(TOKENS, WIDTH, positions, is_first, g->scores, g->last, slopes + OF_SCORES);
    of_weights(WIDTH, HIDDEN, positions, is_first, a_last, g->hidden, slopes + OF_NARROW);
    of_weights(HIDDEN, WIDTH, positions, is_first, a_hidden, g->normal, slopes + OF_WIDEN);
    normalize_back(g->attended, g->scale_of_attended, a_normal, a_last);
    memcpy(g->a_attended, a_last, sizeof a_last);
    memset(g->a_found, 0, sizeof g->a_found);
    transform_back(WIDTH, WIDTH, w + OF_HEADS, a_last, g->a_found);
    of_weights(WIDTH, WIDTH, positions, is_first, a_last, g->found, slopes + OF_HEADS);
}

ALWAYS void embed_back(const double *w, group *g, const int *tokens, int from, int positions,
                       double *slopes) {
    lanes a_asked[WIDTH] = {0}, a_embedded[WIDTH] = {0};
    int is_first = from == 0;
    transform_back(WIDTH, WIDTH, w + OF_QUERIES, g->a_queries, a_asked);
    transform_back(WIDTH, WIDTH, w + OF_KEYS, g->a_keys, a_asked);
    transform_back(WIDTH, WIDTH, w + OF_VALUES, g->a_values, a_asked);
    of_weights(WIDTH, WIDTH, positions, is_first, g->a_queries, g->asked, slopes + OF_QUERIES);
    of_weights(WIDTH, WIDTH, positions, is_first, g->a_keys, g->asked, slopes + OF_KEYS);
    of_weights(WIDTH, WIDTH, positions, is_first, g->a_values, g->asked, slopes + OF_VALUES);
    normalize_back(g->first, g->scale_of_first, a_asked, g->a_attended);
    normalize_back(g->embedded, g->scale_of_embedded, g->a_attended, a_embedded);
    const double *each = (const double *)a_embedded;
    for (int p = 0; p < positions; p++)
        for (int i = 0; i < WIDTH; i++) {
            slopes[OF_TOKENS + tokens[from + p] * WIDTH + i] += each[i * LANES + p];
            slopes[OF_POSITIONS + (from + p) * WIDTH + i] = each[i * LANES + p];
        }
}

/* The loss of the first `positions` tokens, each followed by the next; and its slopes. */
double gpt_loss(const double *w, const int *tokens, int positions, double *slopes) {
    static group groups[GROUPS];
    double loss = 0;
    memset(slopes, 0, OF_QUERIES * sizeof *slopes); /* the others are written over */
    for (int from = 0, of = 0; from < positions; from += LANES, of++) {
        group *g = groups + of;
        embed(w, tokens, from, positions, g->embedded);
        g->scale_of_embedded = normalize(g->embedded, g->first);
        g->scale_of_first = normalize(g->first, g->asked);
        transform(WIDTH, WIDTH, w + OF_QUERIES, g->asked, g->queries);
        transform(WIDTH, WIDTH, w + OF_KEYS, g->asked, g->keys);
        transform(WIDTH, WIDTH, w + OF_VALUES, g->asked, g->values);
        memset(g->a_keys, 0, sizeof g->a_keys);
        memset(g->a_values, 0, sizeof g->a_values);
    }
    for (int from = 0, of = 0; from < positions; from += LANES, of++) {
        int here = positions - from < LANES ? positions - from : LANES;
        attend(groups, of, positions);
        think(w, groups + of);
        loss += surprise(tokens + from + 1, here, 1.0 / positions, groups + of);
        think_back(w, groups + of, here, of == 0, slopes);
        attend_back(groups, of, positions);
    }
    for (int from = 0, of = 0; from < positions; from += LANES, of++) {
        int here = positions - from < LANES ? positions - from : LANES;
        embed_back(w, groups + of, tokens, from, here, slopes);
    }
    return loss;
}

/* One step of Adam, number t from 1 on. */
ALWAYS void adam(double *restrict w, double *restrict means, double *restrict squares,
                 const double *restrict slopes, double rate, long t) {
    const double a = 0.85, b = 0.99;
    double m_share = 1 - pow(a, t), root_share = sqrt(1 - pow(b, t));
    double step = rate * root_share / m_share, tiny = 1e-8 * root_share;
    for (int i = 0; i < WEIGHTS; i++) {
        means[i] = a * means[i] + (1 - a) * slopes[i];
        squares[i] = b * squares[i] + (1 - b) * slopes[i] * slopes[i];
        w[i] -= step * means[i] / (sqrt(squares[i]) + tiny);
    }
}

/* Steps first + 1 to first + steps of a training of `total` steps. Names have 17 tokens each. */
void gpt_train(double *w, double *means, double *squares, const int *tokens, const int *positions,
               long first, long steps, long total, double *losses) {
    double slopes[WEIGHTS];
    for (long s = 0; s < steps; s++) {
        losses[s] = gpt_loss(w, tokens + (LONGEST + 1) * s, positions[s], slopes);
        adam(w, means, squares, slopes, 0.01 * (1 - (double)(first + s) / total), first + s + 1);
    }
}
