"""exp, the logarithm for pow, and erf for eight lanes, by tables of eight.

AVX-512 looks eight numbers up in one instruction. So the range of a polynomial is an eighth as long,
its degree lower, and nothing needs a division; and it scales by 2ⁿ with the right end of the range.
"""

from ..lanes import Lanes, polynomial
from .exact import TWO_THIRDS_LOW, Pair, product_of, product_of_pairs, sum_of
from .ranges import LN2_HIGH, LN2_LOW, LOG2_E, SHIFTER, SHIFTER_BITS, parts

SHIFTER_TO_EIGHTHS = SHIFTER / 8.0
SHIFTER_TO_EIGHTHS_BITS = SHIFTER_BITS - (3 << 52)

#: 2 to the power of k/8.
ROOTS = tuple(2.0 ** (k / 8) for k in range(8))

#: (eʳ − 1 − r) / r² for |r| ≤ ln 2 / 16, to 0.03 · 2⁻⁵³ of eʳ.
EXP = (
    0.5000000000000298,
    0.16666666666663693,
    0.041666666569729775,
    0.008333333371421994,
    0.0013889782280180109,
    0.00019840560132676146,
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
    0.60000000000007,
    -0.49999999999646183,
    0.42857142845156176,
    -0.37500000276716916,
    0.3333334104941646,
    -0.2999990348229355,
    0.27270357371123616,
    -0.2501510983709089,
    0.23427356208865255,
    -0.20664161681786672,
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
        2.91890253835814e-05,
        7.671841912451241e-08,
        5.3848704919850653e-11,
        1.0093608281240454e-14,
    ),
    (
        2.400583980947009e-19,
        -0.47377944231822894,
        -0.13076742091158067,
        -0.007229025131583273,
        -9.486433249664216e-05,
        -3.116685776931261e-07,
        -2.6251243649011324e-10,
        -5.740739717050209e-14,
    ),
    (
        -0.3761263890318376,
        0.06225947799694465,
        0.11484061964669175,
        0.01075858120544586,
        0.00019580971194828878,
        8.185295915300573e-07,
        8.35215850619857e-10,
        2.1430518597968419e-13,
    ),
    (
        4.270059671056427e-15,
        0.1326335678365402,
        -0.0497188631590851,
        -0.010702345800277938,
        -0.00028656933774998784,
        -1.558748706928015e-06,
        -1.948334489529228e-09,
        -5.902945640600917e-13,
    ),
    (
        0.11283791670936308,
        -0.06178375294573535,
        -0.002134924839164007,
        0.0072072127934676485,
        0.0003137972254825316,
        2.287407772487064e-06,
        3.5486874710619748e-09,
        1.2786279034962038e-12,
    ),
    (
        5.0192456159835204e-12,
        -0.01863585167035799,
        0.014414781130799699,
        -0.00300190151450119,
        -0.00026352850423197834,
        -2.6818650350058983e-06,
        -5.247061325493289e-09,
        -2.266654038001998e-12,
    ),
    (
        -0.02686617073312485,
        0.019036597210596595,
        -0.0061842615704997975,
        0.000374606943785967,
        0.0001699914148380675,
        2.568258115001305e-06,
        6.463482337713975e-09,
        3.3789034686922337e-12,
    ),
    (
        1.0678061723945948e-09,
        0.00012658807943990882,
        -0.0005765254230883049,
        0.00041498850036893864,
        -8.164763002888688e-05,
        -2.0337018327802143e-06,
        -6.752997414040007e-09,
        -4.318652168431595e-12,
    ),
    (
        0.005223968353444074,
        -0.0037244165425472913,
        0.001410686148395019,
        -0.0002976258097274239,
        2.591384025985155e-05,
        1.3365982136507043e-06,
        6.058937148741057e-09,
        4.800762775592663e-12,
    ),
    (
        5.87947012277003e-08,
        0.0005827114716756062,
        -0.00035597932552199177,
        7.13169074011341e-05,
        -2.3288745364068437e-06,
        -7.244382564447048e-07,
        -4.706953533983324e-09,
        -4.6933402717097886e-12,
    ),
    (
        -0.0008551077804429387,
        0.0005233650792790345,
        -0.00012567651879208538,
        1.7097579002084006e-05,
        -2.864220350808309e-06,
        3.163698858227723e-07,
        3.180860024894475e-09,
        4.073787066858836e-12,
    ),
    (
        9.506014779352541e-07,
        -0.00015914589980948478,
        8.79709478970486e-05,
        -1.7752056003754218e-05,
        1.9044346967064337e-06,
        -1.044530531022704e-07,
        -1.8710570071671373e-09,
        -3.1483004500614905e-12,
    ),
    (
        0.00011814844804918344,
        -5.3897349805555015e-05,
        -4.186448337737752e-06,
        4.235804730102757e-06,
        -5.487693766325834e-07,
        2.073529583127611e-08,
        9.530783673909484e-10,
        2.1408785614318772e-12,
    ),
    (
        4.356727095962482e-06,
        2.7152192930511692e-05,
        -1.0612543862810506e-05,
        8.692277488391613e-07,
        2.9587507476891036e-09,
        1.7829919452099187e-09,
        -4.182335113449905e-10,
        -1.336459879655998e-12,
    ),
    (
        -2.0337997227731848e-05,
        3.669057133922022e-06,
        2.5316136528893406e-06,
        -7.721590708155452e-07,
        6.833446075445711e-08,
        -3.769852878749748e-09,
        1.5950081002976724e-10,
        8.848708695075527e-13,
    ),
    (
        4.223687484700307e-06,
        -3.268643373675981e-06,
        6.717096728204972e-07,
        1.237967521716229e-07,
        -2.5983256138867257e-08,
        1.5764163973580142e-09,
        -4.4715732956888756e-11,
        -4.367374063259804e-13,
    ),
)


def exp(x: Lanes, low: Lanes | None = None) -> Lanes:
    """Return e to the power of x + low."""
    inside = (x < -760.0).select(-760.0, x)
    inside = (inside > 760.0).select(760.0, inside)
    shifted = inside.muladd(LOG2_E, SHIFTER_TO_EIGHTHS)
    n = shifted - SHIFTER_TO_EIGHTHS
    r = n.muladd(-LN2_LOW, n.fma(-LN2_HIGH, inside))
    r = r if low is None else r + low
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
    square = product_of(r * 0.5, r)
    factor, factor_lost = product_of(r, 2.0 / 3.0)
    cube = product_of_pairs(square, (factor, r.muladd(TWO_THIRDS_LOW, factor_lost)))
    low = (cube[0] * r).muladd(polynomial(r, LOG), low + (cube[1] - square[1]))
    out, first_lost = sum_of(base, r)
    out, second_lost = sum_of(out, -square[0])
    out, third_lost = sum_of(out, cube[0])
    return sum_of(out, (first_lost + second_lost + third_lost) + low)


def erf(x: Lanes) -> Lanes:
    """Return erf x, by the polynomial for the part of the range that x is in."""
    size = abs(x)
    size = (size > 6.0).select(6.0, size)
    shifted = size.muladd(16 / 13, SHIFTER)
    rest = (shifted - SHIFTER).fma(-13 / 16, size)
    first, *others = (shifted.bits().lookup(row) for row in ERF)
    first = (shifted == SHIFTER).select(size, first)
    return rest.muladd(polynomial(rest, others), first).copysign(x)
