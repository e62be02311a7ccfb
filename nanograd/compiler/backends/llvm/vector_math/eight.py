"""exp, the logarithm for pow, and erf for eight lanes, by tables of eight.

AVX-512 looks eight numbers up in one instruction. So the range of a polynomial is an eighth as
long, its degree lower, and nothing needs a division. It also scales by 2ⁿ in one instruction, to
denormal numbers and to infinity.
"""

from ..lanes import Lanes, Operand, polynomial
from .exact import TWO_THIRDS_LOW, Pair, product_of, product_of_pairs, sum_of
from .ranges import LN2_HIGH, LN2_LOW, LOG2_E, SHIFTER, SHIFTER_BITS, parts

SHIFTER_TO_EIGHTHS = SHIFTER / 8.0
SHIFTER_TO_EIGHTHS_BITS = SHIFTER_BITS - (3 << 52)

#: 2 to the power of k/8.
ROOTS = tuple(2.0 ** (k / 8) for k in range(8))

#: (eʳ − 1 − r) / r² for |r| ≤ ln 2 / 16, to 0.03 · 2⁻⁵³ of eʳ.
EXP = (
    0.5000000000000298,
    0.1666666666666374,
    0.04166666656972274,
    0.008333333371116204,
    0.0013889782297032112,
    0.00019840563479625508,
)

#: About 1 / m, with four bits behind the point, for eighths of 0.71875 ≤ m < 1.4375, and −ln of it
#: in two parts. Before 1 an eighth is 1/16 long, behind it ⅛.
INVERSES = (1.3125, 1.25, 1.125, 1.0625, 1.0, 0.875, 0.8125, 0.75)
LOGS = (
    -0.2719337154835557,
    -0.22314355131425145,
    -0.11778303565643,
    -0.06062462181648698,
    0.0,
    0.13353139262449076,
    0.20763936477828793,
    0.28768207245184385,
)
LOGS_LOW = (
    -8.604306772808733e-14,
    4.169796584527195e-14,
    4.654729747598445e-14,
    5.213620639136504e-14,
    0.0,
    3.1859736349078334e-14,
    -4.3425422595242564e-14,
    -6.292357389008195e-14,
)
FIRST_EIGHTH_BITS = 0x3FE7000000000000  # of 0.71875

#: (ln (1 + r) − r + ½ r² − ⅓ r³) / ⅓ r⁴ for −0.0705 ≤ r ≤ 0.0785, to 2⁻⁷⁴ of ln.
LOG = (
    -0.7500000000000016,
    0.6000000000000701,
    -0.49999999999645045,
    0.4285714284514916,
    -0.37500000277344436,
    0.3333334105237106,
    -0.29999903325255517,
    0.2727035682021528,
    -0.250151277165479,
    0.2342739440444769,
    -0.20663432163455647,
)

#: erf x as a polynomial of v = x − 13/16 k, a row for each power and a column for each k, for
#: |v| ≤ 13/32, to 0.01 · 2⁻⁵³ of erf and the rounding of the first row. For k = 0 it is erf x − x.
ERF = (
    (
        0.0,
        0.749464025586362,
        0.9784437332399837,
        0.9994334567454198,
        0.9999956972205363,
        0.9999999908210709,
        0.9999999999945866,
        0.9999999999999991,
    ),
    (
        0.1283791670955126,
        0.5831131597762814,
        0.08047225902251122,
        0.002965753900136731,
        2.9189025383581394e-05,
        7.671841912451318e-08,
        5.384870491983257e-11,
        1.0093608280794746e-14,
    ),
    (
        2.429261371599479e-19,
        -0.47377944231822894,
        -0.13076742091158067,
        -0.007229025131583272,
        -9.486433249664219e-05,
        -3.116685776931258e-07,
        -2.625124364901209e-10,
        -5.740739716991967e-14,
    ),
    (
        -0.3761263890318376,
        0.06225947799694463,
        0.11484061964669152,
        0.010758581205445886,
        0.00019580971194828998,
        8.185295915298697e-07,
        8.352158506243313e-10,
        2.1430518608887682e-13,
    ),
    (
        4.313281764613758e-15,
        0.132633567836541,
        -0.04971886315908501,
        -0.010702345800277992,
        -0.00028656933774998426,
        -1.5587487069280568e-06,
        -1.948334489528175e-09,
        -5.902945641594812e-13,
    ),
    (
        0.11283791670936134,
        -0.06178375294573311,
        -0.002134924839147626,
        0.007207212793465709,
        0.0003137972254824442,
        2.287407772500517e-06,
        3.548687470741156e-09,
        1.278627895687075e-12,
    ),
    (
        5.061033815985221e-12,
        -0.018635851670398773,
        0.014414781130795772,
        -0.0030019015144986012,
        -0.0002635285042321629,
        -2.681865035003872e-06,
        -5.2470613255445684e-09,
        -2.2666540324303467e-12,
    ),
    (
        -0.026866170733779723,
        0.019036597210515135,
        -0.006184261571015818,
        0.00037460694384721467,
        0.00016999141484087558,
        2.5682581145780995e-06,
        6.463482347807449e-09,
        3.378903714482391e-12,
    ),
    (
        1.0748226473447135e-09,
        0.00012658808043934582,
        -0.0005765254230097496,
        0.0004149885003068751,
        -8.164763002436761e-05,
        -2.0337018328280314e-06,
        -6.752997412829179e-09,
        -4.318652314006198e-12,
    ),
    (
        0.005223968300472183,
        -0.003724416541103386,
        0.0014106861566807291,
        -0.0002976258107138823,
        2.59138402140168e-05,
        1.3365982204458266e-06,
        6.0589369866637546e-09,
        4.800758823002266e-12,
    ),
    (
        5.908107258318701e-08,
        0.0005827114585831531,
        -0.00035597932635464885,
        7.131690821131729e-05,
        -2.3288745959811514e-06,
        -7.244382558333128e-07,
        -4.706953549475384e-09,
        -4.6933382606646895e-12,
    ),
    (
        -0.0008551088935200181,
        0.0005233650659822391,
        -0.0001256765896138283,
        1.709758746212315e-05,
        -2.8642199536651596e-06,
        3.1636982771330844e-07,
        3.1808614110019564e-09,
        4.073820926350225e-12,
    ),
    (
        9.536854824162804e-07,
        -0.0001591458056532342,
        8.797095261058414e-05,
        -1.7752061876628803e-05,
        1.904435130167079e-06,
        -1.0445305743560047e-07,
        -1.8710568973061637e-09,
        -3.1483155936095103e-12,
    ),
    (
        0.00011814250659653127,
        -5.389728872457348e-05,
        -4.186141666031271e-06,
        4.235767972293313e-06,
        -5.487711160160216e-07,
        2.0735547633311247e-08,
        9.530723608017835e-10,
        2.140731608794335e-12,
    ),
    (
        4.3642877187519836e-06,
        2.7151842441747372e-05,
        -1.0612556942514608e-05,
        8.692499456769238e-07,
        2.957111229808264e-09,
        1.7830079581456685e-09,
        -4.182339174919138e-10,
        -1.3364011339861682e-12,
    ),
    (
        -2.034370897086428e-05,
        3.6689465983397195e-06,
        2.531084896259655e-06,
        -7.720954868108552e-07,
        6.83374886283191e-08,
        -3.7702873675617365e-09,
        1.5951117484766785e-10,
        8.851247740320795e-13,
    ),
    (
        4.225626943077943e-06,
        -3.2681156467753887e-06,
        6.717228515107875e-07,
        1.2376265436846882e-07,
        -2.5980738986517276e-08,
        1.5763923261114411e-09,
        -4.47151221985605e-11,
        -4.3682929523265194e-13,
    ),
)


def exp(x: Lanes, low: Operand = 0.0) -> Lanes:
    """Return e to the power of x + low."""
    inside = x.at_least(-760.0).at_most(760.0)
    shifted = inside.muladd(LOG2_E, SHIFTER_TO_EIGHTHS)
    n = shifted - SHIFTER_TO_EIGHTHS
    r = n.muladd(-LN2_LOW, n.fma(-LN2_HIGH, inside))
    r = r + low if isinstance(low, Lanes) else r
    root = shifted.bits().lookup(ROOTS)
    out = (r * r).muladd(polynomial(r, EXP), r).muladd(root, root)
    return out.scaled((shifted.bits() - SHIFTER_TO_EIGHTHS_BITS) >> 3)


def log_in_two(x: Lanes) -> Pair:
    """Return ln x for positive finite x as a pair, to 2⁻⁶⁴. r = c m − 1 is exact for c ≈ 1 / m.

    ln (1 + r) is r − ½ r² + ⅓ r³ + r⁴ P(r); of these only the last is not a pair.
    """
    m, e = parts(x, FIRST_EIGHTH_BITS)
    index = (m.bits() - FIRST_EIGHTH_BITS) >> 49
    r = m.fma(index.lookup(INVERSES), -1.0)
    base = e.fma(LN2_HIGH, index.lookup(LOGS))
    low = e.muladd(LN2_LOW, index.lookup(LOGS_LOW))
    square, square_lost = product_of(r * 0.5, r)
    factor, factor_lost = product_of(r, 2.0 / 3.0)
    factor_lost = r.muladd(TWO_THIRDS_LOW, factor_lost)
    cube, cube_lost = product_of_pairs((square, square_lost), (factor, factor_lost))
    low = low + (cube_lost - square_lost)
    low = (cube * r).muladd(polynomial(r, LOG), low)
    out, first_lost = sum_of(base, r)
    out, second_lost = sum_of(out, -square)
    out, third_lost = sum_of(out, cube)
    return sum_of(out, first_lost + second_lost + third_lost + low)


def erf(x: Lanes) -> Lanes:
    """Return erf x, by the polynomial for the part of the range that x is in."""
    size = abs(x).at_most(6.0)
    shifted = size.muladd(16 / 13, SHIFTER)
    rest = (shifted - SHIFTER).fma(-13 / 16, size)
    first, *others = (shifted.bits().lookup(row) for row in ERF)
    first = (shifted == SHIFTER).select(size, first)
    return rest.muladd(polynomial(rest, others), first).copysign(x)
